package org.portbouncer.launcher.mother.upkeep;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.portbouncer.core.config.Configuration.AccessLog;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.LibcIdentity;
import org.portbouncer.core.sys.Native;
import org.portbouncer.launcher.log.StandardStreams;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.privilege.RunAs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the descriptor that all processes write access log lines to; in the mother. Neither opening
 * it nor writing to it ever waits for a reader: a pipe that nobody reads is no reason not to serve.
 */
final class AccessLogFile {

  private static final Logger LOG = LoggerFactory.getLogger(AccessLogFile.class);

  private static final int O_CREAT = 0x40;
  private static final int O_EXCL = 0x80;

  /** A terminal that is opened does not become the process's own. */
  private static final int O_NOCTTY = 0x100;

  private static final int WRITE =
      Const.O_WRONLY | Const.O_APPEND | Const.O_NONBLOCK | Const.O_CLOEXEC | O_NOCTTY;

  private static final int MODE = 0640;
  private static final Path STDOUT = Path.of("/proc/self/fd/1");

  // stat(2): the kind of a file.
  private static final int S_IFMT = 0170000;
  private static final int S_IFIFO = 0010000;
  private static final int S_IFCHR = 0020000;

  private AccessLogFile() {}

  /**
   * Opens it.
   *
   * @param runAs whose the file shall be, so that it can be opened again later
   * @param streams the process's own
   * @return the descriptor, or -1 where no access log is wanted
   * @throws StartException where it cannot be opened
   */
  static int open(AccessLog settings, RunAs runAs, StandardStreams streams) throws StartException {
    return switch (settings.to()) {
      case NONE -> -1;
      case STDOUT -> openStdout(streams);
      case SYSLOG -> openSyslog();
      case FILE -> openFile(settings.path(), runAs);
    };
  }

  private static int openFile(String path, RunAs runAs) throws StartException {
    // A new one is told apart, because nothing else may be given away: what is there may be a link.
    int fd = runAs.make(Path.of(path), () -> open(path, WRITE | O_CREAT | O_EXCL));
    if (fd >= 0) {
      // Whatever the umask: a unit's 0077 would keep the group out that is to read it.
      LibcIdentity.fchmod(fd, MODE);
      runAs.give(fd);
    } else if (fd == -Errno.EEXIST) {
      fd = runAs.make(Path.of(path), () -> openWhatIsThere(path));
    }
    if (fd < 0) {
      throw new StartException("cannot write the access log " + path + ": " + Errno.text(-fd));
    }
    return fd;
  }

  /**
   * A pipe that nobody reads is refused to a writer who does not want to wait (open(2), ENXIO); it
   * can be had while somebody reads, and for that moment we do. Then it is as if its reader had
   * gone: lines are left out and counted, and the next reader gets those that come.
   */
  private static int openWhatIsThere(String path) {
    int fd = open(path, WRITE | O_CREAT);
    if (fd != -Errno.ENXIO) {
      return fd;
    }
    int both = open(path, Const.O_RDWR | Const.O_NONBLOCK | Const.O_CLOEXEC);
    if (both < 0) {
      return fd;
    }
    fd = open(path, WRITE);
    Libc.close(both);
    if (fd >= 0) {
      LOG.warn("nobody reads the access log {}: lines are left out until somebody does", path);
    }
    return fd;
  }

  /**
   * A pipe or a terminal is opened anew, so that not waiting for its reader is a property of our
   * description alone: set on the shared one it would change the shell's, too. One that cannot be
   * opened anew, another user's, is written to by a thread of its own. A plain file is used as it
   * is, and so is a socket, which is told with each line not to wait.
   */
  private static int openStdout(StandardStreams streams) throws StartException {
    int kind;
    try {
      kind = (int) Files.getAttribute(STDOUT, "unix:mode") & S_IFMT;
    } catch (IOException e) {
      return -1;
    }
    if (kind == S_IFIFO || kind == S_IFCHR) {
      int fd = openWhatIsThere(STDOUT.toString());
      return fd >= 0 ? fd : streams.relay();
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
