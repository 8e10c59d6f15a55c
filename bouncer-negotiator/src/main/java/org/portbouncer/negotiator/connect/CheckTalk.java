package org.portbouncer.negotiator.connect;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.TargetGroup.Check;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * What a {@link MemberCheck} with `expect` says to a member, and what it hears. In the connect
 * worker, on the thread of its loop.
 */
final class CheckTalk {

  /** What is looked at of an answer, at most. */
  private static final int MOST = 4096;

  /** What has come of it so far. */
  enum Heard {
    /** Nothing new. */
    NOTHING,
    /** Something, and not yet what is expected. */
    PART,
    /** What is expected. */
    EXPECTED,
    /** As much as may come, or the end of it, without what is expected. */
    OTHER,
    /** The connection broke; {@link #errno} says how. */
    BROKEN
  }

  private final Check check;
  private final boolean datagrams;
  private final MemorySegment answer;
  private int length;
  private int errno;

  /**
   * @param datagrams whether each is an answer of its own
   */
  CheckTalk(Check check, boolean datagrams) {
    this.check = check;
    this.datagrams = datagrams;
    this.answer = check.type() == Check.Type.EXPECT ? Native.allocate(MOST) : MemorySegment.NULL;
  }

  /** Whether there is something to say or to hear. */
  boolean expects() {
    return check.type() == Check.Type.EXPECT;
  }

  /**
   * Says what the check says, if anything.
   *
   * @return 0 or the errno
   */
  int say(int fd) {
    String text = check.send();
    if (text.isEmpty()) {
      return 0;
    }
    for (int i = 0; i < text.length(); i++) {
      answer.set(JAVA_BYTE, i, (byte) text.charAt(i));
    }
    return sent(Libc.send(fd, answer.address(), text.length(), Const.MSG_NOSIGNAL), text.length());
  }

  /** What came of sending: 0 where all of it went, else an errno. */
  static int sent(long result, int length) {
    if (result == length) {
      return 0;
    }
    return result < 0 ? (int) -result : Errno.EAGAIN;
  }

  /** Reads once. */
  Heard hear(int fd) {
    int at = datagrams ? 0 : length;
    long read = Libc.read(fd, answer.address() + at, MOST - at);
    if (read == -Errno.EAGAIN || read == -Errno.EINTR) {
      return Heard.NOTHING;
    }
    if (read < 0) {
      errno = (int) -read;
      return Heard.BROKEN;
    }
    length = at + (int) read;
    if (holds(check.expect())) {
      return Heard.EXPECTED;
    }
    return !datagrams && (read == 0 || length == MOST) ? Heard.OTHER : Heard.PART;
  }

  int errno() {
    return errno;
  }

  /** Whether anything was heard that was not what is expected. */
  boolean heardOther() {
    return length > 0;
  }

  private boolean holds(String wanted) {
    for (int at = 0; at + wanted.length() <= length; at++) {
      int same = 0;
      while (same < wanted.length()
          && answer.get(JAVA_BYTE, at + same) == (byte) wanted.charAt(same)) {
        same++;
      }
      if (same == wanted.length()) {
        return true;
      }
    }
    return false;
  }

  /** Forgets what was heard. */
  void clear() {
    length = 0;
  }
}
