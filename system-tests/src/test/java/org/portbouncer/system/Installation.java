package org.portbouncer.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/** A copy of what was built in a folder of its own, as another version would be installed. */
final class Installation {
  private static final Path LIB = Checkout.root().resolve("bouncer-launcher/target/bouncer/lib");

  private final Path home;

  private Installation(Path home) {
    this.home = home;
  }

  static Installation in(Path home) throws IOException {
    copy(Checkout.root().resolve("bin"), home.resolve("bin"));
    copy(LIB, home.resolve("lib"));
    return new Installation(home);
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(to.getParent(), PosixFilePermissions.fromString("rwxr-xr-x"));
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy =
            Files.copy(
                file,
                to.resolve(file.getFileName().toString()),
                StandardCopyOption.COPY_ATTRIBUTES);
        String mode = Files.isExecutable(file) ? "rwxr-xr-x" : "rw-r--r--";
        Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString(mode));
      }
    }
  }

  /** Gives its server a system property. */
  Installation with(String property) throws IOException {
    Files.write(
        home.resolve("bin/java.options"), List.of("-D" + property), StandardOpenOption.APPEND);
    return this;
  }

  /** Has bin/bouncer be another script. */
  Installation running(String script) throws IOException {
    Files.writeString(home.resolve("bin/bouncer"), "#!/bin/sh\n" + script + "\n");
    return this;
  }

  /** Takes away the jar of a module. */
  Installation without(String module) throws IOException {
    try (Stream<Path> jars = Files.list(home.resolve("lib"))) {
      for (Path jar :
          jars.filter(one -> one.getFileName().toString().startsWith(module)).toList()) {
        Files.delete(jar);
      }
    }
    return this;
  }

  String home() {
    return home.toString();
  }
}
