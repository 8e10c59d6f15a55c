package org.portbouncer.core.worker;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

/**
 * How many sessions a process may hold by its limit of open descriptors. Used by the workers, who
 * stop reading their inbox there (a message whose descriptors cannot be opened would be lost), and
 * by the mother, who says it at start.
 */
public final class DescriptorLimit {

  /** Descriptors a worker needs for itself: jars, epoll, inboxes, log, and some to spare. */
  private static final int FOR_ITSELF = 48;

  private static final int MOST_PIPES = 64;

  /** What io has open for a session: client, target, and the served end of an internal target. */
  public static final int FORWARDED = 3;

  private DescriptorLimit() {}

  /** The soft limit of this process (the JVM has raised it to the hard one at its start). */
  public static long current() {
    MemorySegment limits = Native.allocate(16);
    SystemCallException.check("getrlimit", Libc.getrlimit(Const.RLIMIT_NOFILE, limits.address()));
    long soft = limits.get(JAVA_LONG, 0);
    return soft < 0 ? Integer.MAX_VALUE : Math.min(soft, Integer.MAX_VALUE);
  }

  /**
   * The pipes an io worker may have for splice(2), two descriptors each: a small limit is for
   * sessions. At the most they are, with a mebibyte in each, as much memory as the kernel's default
   * fs.pipe-user-pages-soft grants a user.
   */
  public static int pipes(long limit) {
    return Math.clamp((limit - FOR_ITSELF) / 32, 0, MOST_PIPES);
  }

  /** Whether this process may open so many more right now; tries it. */
  static boolean hasRoom(int descriptors) {
    int[] opened = new int[descriptors];
    int count = 0;
    while (count < descriptors) {
      int fd = Libc.fcntl(0, Const.F_DUPFD_CLOEXEC, 0);
      if (fd < 0) {
        break;
      }
      opened[count++] = fd;
    }
    for (int i = 0; i < count; i++) {
      Libc.close(opened[i]);
    }
    return count == descriptors;
  }

  /** Descriptors that are not for sessions. */
  public static int reserved(long limit) {
    return FOR_ITSELF + 2 * pipes(limit);
  }

  /** The most sessions in one datagram, so that a small limit is not taken up by one message. */
  public static int batch(long limit) {
    return Math.clamp(
        (limit - reserved(limit)) / (4L * Descriptors.IN_SETUP), 1, HopSender.MOST_SESSIONS);
  }

  /** Descriptors that are kept free for one message of so many sessions. */
  public static int ofMessage(int batch) {
    return batch * Descriptors.IN_SETUP;
  }

  /**
   * Sessions a process with this limit may hold.
   *
   * @param perSession descriptors each has open; 0 for a stage that holds none
   */
  public static int sessions(long limit, int perSession, int batch) {
    if (perSession == 0) {
      return Integer.MAX_VALUE;
    }
    long room = limit - reserved(limit) - ofMessage(batch);
    return Math.clamp(room / perSession, 1, Integer.MAX_VALUE);
  }
}
