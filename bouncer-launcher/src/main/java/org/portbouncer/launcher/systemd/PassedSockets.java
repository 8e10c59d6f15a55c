package org.portbouncer.launcher.systemd;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;

/**
 * The descriptors that systemd started us with, sd_listen_fds(3): sockets of a socket unit, and
 * those that were given into keeping before a restart. In the mother, once, before anything else is
 * opened for listening.
 */
public final class PassedSockets {

  /** Begins the names of sockets that came back from keeping; no listener's name has a blank. */
  public static final String KEPT = "kept ";

  private static final int FIRST = 3;
  private static final int MOST = 8192;

  /**
   * One descriptor.
   *
   * @param name as FileDescriptorName= or FDNAME= says; "" where neither does
   */
  public record Passed(int fd, String name) {
    /** Whether it comes from keeping. */
    public boolean kept() {
      return name.startsWith(KEPT);
    }
  }

  private PassedSockets() {}

  /** The name under which the socket of an address is kept. */
  public static String keptName(String address) {
    // fdname_is_valid(): everything printable but a colon.
    return KEPT + address.replace(':', ';');
  }

  /**
   * Takes them; they do not wait from here on, and no child inherits them.
   *
   * @param environment of the process
   * @param pid of the process: descriptors that are meant for another one are none of ours
   */
  public static List<Passed> take(Map<String, String> environment, long pid) {
    List<Passed> all = new ArrayList<>();
    if (!Long.toString(pid).equals(environment.get("LISTEN_PID"))) {
      return all;
    }
    int count = number(environment.getOrDefault("LISTEN_FDS", "0"));
    String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
    for (int i = 0; i < count; i++) {
      int fd = FIRST + i;
      int flags = Libc.fcntl(fd, Const.F_GETFL, 0);
      if (flags >= 0) {
        Libc.fcntl(fd, Const.F_SETFD, Const.FD_CLOEXEC);
        Libc.fcntl(fd, Const.F_SETFL, flags | Const.O_NONBLOCK);
        all.add(new Passed(fd, i < names.length ? names[i] : ""));
      }
    }
    return all;
  }

  private static int number(String text) {
    try {
      return Math.clamp(Integer.parseInt(text), 0, MOST);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
