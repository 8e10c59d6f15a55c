package org.portbouncer.system;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the program under test is. */
final class Checkout {
  private Checkout() {}

  /** The folder that holds bin/bouncer: the nearest one upwards from where the tests run. */
  static Path root() {
    Path start = Path.of(System.getProperty("user.dir")).toAbsolutePath();
    for (Path folder = start; folder != null; folder = folder.getParent()) {
      if (Files.isRegularFile(folder.resolve("bin").resolve("bouncer"))) {
        return folder;
      }
    }
    throw new IllegalStateException("no bin/bouncer in " + start + " or in a folder above it");
  }

  /** The command: -Dbouncer.command names another one, such as an installed /usr/bin/bouncer. */
  static String command() {
    String other = System.getProperty("bouncer.command");
    return other != null ? other : root().resolve("bin").resolve("bouncer").toString();
  }
}
