package org.portbouncer.core.hop;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * Sends marks: messages without a session, which tell who reads them that all that was sent before
 * has been read. In the mother, on her loop's thread.
 */
public final class HopMarker {

  private final MemorySegment message = Native.allocate(Frame.MARK_BYTES);

  /** What tells the form of messages from others, for processes of two versions of the program. */
  public static int form() {
    return Frame.MAGIC;
  }

  /** Makes the message, once. */
  public HopMarker() {
    message.set(JAVA_INT, 0, Frame.MAGIC);
  }

  /**
   * Sends a mark into an inbox.
   *
   * @param fd its writing end
   * @return 0 or the errno: EAGAIN where the inbox is full
   */
  public int send(int fd, int token) {
    message.set(JAVA_INT, Frame.HEADER, token);
    long sent =
        Libc.send(fd, message.address(), Frame.MARK_BYTES, Const.MSG_DONTWAIT | Const.MSG_NOSIGNAL);
    return sent < 0 ? (int) -sent : 0;
  }
}
