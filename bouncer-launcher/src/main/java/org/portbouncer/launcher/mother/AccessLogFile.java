package org.portbouncer.launcher.mother;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.portbouncer.core.config.Configuration.AccessLog;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.launcher.privilege.RunAs;

/** Opens the descriptor that all processes write access log lines to; in the mother. */
final class AccessLogFile {

  private static final int O_CREAT = 0x40;
  private static final int O_EXCL = 0x80;
  private static final int O_APPEND = 0x400;
  private static final int MODE = 0640;
  private static final Path STDOUT = Path.of("/proc/self/fd/1");

  private AccessLogFile() {}

  /**
   * Opens it.
   *
   * @param runAs whose the file shall be, so that it can be opened again later
   * @return the descriptor, or -1 where no access log is wanted
   * @throws StartException where it cannot be opened
   */
  static int open(AccessLog settings, RunAs runAs) throws StartException {
    return switch (settings.to()) {
      case NONE -> -1;
      case STDOUT -> openStdout();
      case SYSLOG -> openSyslog();
      case FILE -> openFile(settings.path(), runAs);
    };
  }

  private static int openFile(String path, RunAs runAs) throws StartException {
    int flags = Const.O_WRONLY | O_APPEND | Const.O_CLOEXEC;
    // A new one is told apart, because nothing else may be given away: what is there may be a link.
    int fd = runAs.make(Path.of(path), () -> open(path, flags | O_CREAT | O_EXCL));
    if (fd >= 0) {
      runAs.give(fd);
    } else if (fd == -Errno.EEXIST) {
      fd = runAs.make(Path.of(path), () -> open(path, flags | O_CREAT));
    }
    if (fd < 0) {
      throw new StartException("cannot write the access log " + path + ": " + Errno.text(-fd));
    }
    return fd;
  }

  /**
   * A pipe or a terminal is opened anew, so that not waiting for its reader is a property of our
   * description alone: set on the shared one it would change the shell's, too. What cannot be
   * opened anew (a socket, or a pipe of another user's) and a plain file are used as they are.
   */
  private static int openStdout() throws StartException {
    String what;
    try {
      what = Files.readSymbolicLink(STDOUT).toString();
    } catch (IOException e) {
      return -1;
    }
    if (what.startsWith("pipe:") || what.startsWith("/dev/")) {
      int fd = open(STDOUT.toString(), Const.O_WRONLY | Const.O_NONBLOCK | Const.O_CLOEXEC);
      if (fd >= 0) {
        return fd;
      }
    }
    int fd = Libc.fcntl(1, Const.F_DUPFD_CLOEXEC, 3);
    if (fd < 0) {
      throw new StartException("cannot write the access log to stdout: " + Errno.text(-fd));
    }
    return fd;
  }

  private static int openSyslog() throws StartException {
    int fd = SyslogSocket.make();
    if (fd < 0) {
      throw new StartException("cannot make a socket for the access log: " + Errno.text(-fd));
    }
    return fd;
  }

  private static int open(String path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      return Libc.open(Native.string(arena, path), flags, MODE);
    }
  }
}
