package org.portbouncer.core.worker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Loads and initializes, before they are needed, all classes that a worker of any stage may run:
 * what a JVM otherwise does one by one while the first sessions wait.
 */
final class SpareClasses {

  private static final String SUFFIX = ".class";
  private static final String OURS = "org/portbouncer/";

  /** Parsers and encoders of the mother's; what workers need of it comes with a configuration. */
  private static final String PARSERS = OURS + "core/config/";

  private SpareClasses() {}

  /** Those in the jars of this process. */
  static void initialize() {
    for (String jar : List.of(System.getProperty("java.class.path").split(":", -1))) {
      try (ZipFile file = new ZipFile(jar)) {
        file.stream().map(ZipEntry::getName).filter(SpareClasses::wanted).forEach(SpareClasses::of);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static boolean wanted(String entry) {
    return entry.startsWith(OURS) && entry.endsWith(SUFFIX) && !entry.startsWith(PARSERS);
  }

  private static void of(String entry) {
    String name = entry.substring(0, entry.length() - SUFFIX.length()).replace('/', '.');
    try {
      Class.forName(name);
    } catch (ClassNotFoundException | LinkageError e) {
      throw new IllegalStateException(name + " cannot be made ready", e);
    }
  }
}
