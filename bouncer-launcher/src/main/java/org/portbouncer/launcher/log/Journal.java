package org.portbouncer.launcher.log;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Whether standard error is the journal, which notes time and priority of each line by itself: a
 * line then begins with its priority in angle brackets (sd-daemon(3)), and has no time of its own.
 * In the mother.
 */
final class Journal {

  private static final Path STDERR = Path.of("/proc/self/fd/2");

  private Journal() {}

  /** Whether this process's standard error is the journal's; looked at once, at the start. */
  static boolean takesStderr() {
    return takes(System.getenv(), STDERR);
  }

  /**
   * Whether a file is the stream that JOURNAL_STREAM names, by device and inode (systemd.exec(5)):
   * the variable alone says nothing, for whoever redirects the stream inherits it.
   */
  static boolean takes(Map<String, String> environment, Path file) {
    String stream = environment.get("JOURNAL_STREAM");
    if (stream == null) {
      return false;
    }
    try {
      return stream.equals(
          Files.getAttribute(file, "unix:dev") + ":" + Files.getAttribute(file, "unix:ino"));
    } catch (IOException e) {
      return false;
    }
  }

  /** What a line of that level begins with: the priorities of syslog(3). */
  static String priority(Level level) {
    return switch (level.toInt()) {
      case Level.ERROR_INT -> "<3>";
      case Level.WARN_INT -> "<4>";
      case Level.INFO_INT -> "<6>";
      default -> "<7>";
    };
  }
}
