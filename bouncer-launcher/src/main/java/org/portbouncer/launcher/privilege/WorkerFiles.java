package org.portbouncer.launcher.privilege;

import static org.portbouncer.launcher.privilege.Landlock.EXECUTE;
import static org.portbouncer.launcher.privilege.Landlock.READ_DIR;
import static org.portbouncer.launcher.privilege.Landlock.READ_FILE;
import static org.portbouncer.launcher.privilege.Landlock.TRUNCATE;
import static org.portbouncer.launcher.privilege.Landlock.WRITE_FILE;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.portbouncer.core.sys.ChildProcess;

/** Which files a worker may open. In the mother. */
final class WorkerFiles {

  private static final long READ = READ_FILE | READ_DIR;

  /** The C library and what it loads; the locale's and the time zone's tables. */
  private static final List<String> SYSTEM =
      List.of(
          "/lib",
          "/lib64",
          "/usr/lib",
          "/usr/lib64",
          "/usr/share/zoneinfo",
          "/etc/ld.so.cache",
          "/etc/ld.so.preload",
          "/etc/localtime",
          "/etc/timezone");

  /** From where the VM learns how many processors and how much memory it has. */
  private static final List<String> MACHINE =
      List.of("/sys/fs/cgroup", "/sys/devices/system", "/sys/kernel/mm");

  private static final List<String> DEVICES =
      List.of("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom");

  /**
   * What names are resolved with. The folder, not resolv.conf and hosts alone: a file that is
   * replaced is another file to the kernel, and its rule is gone with the old one.
   */
  private static final List<String> NAMES =
      List.of("/etc", "/run/systemd/resolve", "/run/NetworkManager", "/run/resolvconf");

  private static final Path RESOLVER = Path.of("/etc/resolv.conf");
  private static final Path MAPS = Path.of("/proc/self/maps");

  private WorkerFiles() {}

  /**
   * Adds the rules.
   *
   * @param targets for a worker that connects to targets, and so resolves names
   */
  static void allow(Landlock rules, boolean targets) {
    Path java = Path.of(System.getProperty("java.home"));
    rules.allow(java, READ | EXECUTE);
    // What makes itself the one that the kernel ends first, and then becomes java.
    rules.allow(Path.of(ChildProcess.SHELL), READ_FILE | EXECUTE);
    distributed(rules);
    for (String property : List.of("bouncer.lib", "bouncer.cache")) {
      String folder = System.getProperty(property, "");
      if (!folder.isEmpty()) {
        rules.allow(Path.of(folder), READ);
      }
    }
    String home = System.getProperty("bouncer.home", "");
    if (!home.isEmpty()) {
      // The options of its JVM, which java reads itself.
      rules.allow(Path.of(home, "bin", "worker.options"), READ_FILE);
    }
    all(rules, SYSTEM, READ);
    all(rules, MACHINE, READ);
    all(rules, DEVICES, READ_FILE);
    loader(rules);
    // The name that `ps` shows is written there. What is another's there is closed by Landlock
    // itself, and the filter of system calls closes writing altogether once the worker has started.
    rules.allow(Path.of("/proc"), READ | WRITE_FILE);
    rules.allow(Path.of("/dev/null"), READ_FILE | WRITE_FILE | TRUNCATE);
    if (targets) {
      all(rules, NAMES, READ);
      resolver(rules);
    }
  }

  private static void all(Landlock rules, List<String> paths, long access) {
    for (String path : paths) {
      rules.allow(Path.of(path), access);
    }
  }

  /** Debian keeps what can be configured of a JDK in /etc/java-…, and links to it. */
  private static void distributed(Landlock rules) {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(Path.of("/etc"), "java*")) {
      for (Path folder : folders) {
        rules.allow(folder, READ);
      }
    } catch (IOException e) {
      // No such folders: then nothing links there.
    }
  }

  /** The dynamic loader, which starts every program; where it lies depends on the system. */
  private static void loader(Landlock rules) {
    try {
      for (String line : Files.readAllLines(MAPS, StandardCharsets.ISO_8859_1)) {
        int path = line.indexOf('/');
        if (path > 0 && line.contains("/ld-")) {
          Path file = Path.of(line.substring(path));
          rules.allow(file, READ_FILE | EXECUTE);
          rules.allow(file.resolveSibling(""), READ);
          return;
        }
      }
    } catch (IOException e) {
      // Without /proc nothing runs here anyway.
    }
  }

  private static void resolver(Landlock rules) {
    try {
      Path folder = RESOLVER.toRealPath().getParent();
      if (folder != null) {
        rules.allow(folder, READ);
      }
    } catch (IOException e) {
      // None there; names are looked up elsewhere, or not at all.
    }
  }
}
