package org.portbouncer.launcher.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which configuration a command is about: the one that is named, else the one of a package. */
final class ConfigFile {

  private static final Path STANDARD = Path.of("/etc/bouncer/bouncer.conf");

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "The configuration; /etc/bouncer/bouncer.conf if absent.")
  private Path option;

  @Parameters(arity = "0..1", paramLabel = "FILE", description = "The same, without -c.")
  private Path word;

  Path path() throws CommandException {
    if (option != null && word != null) {
      throw new CommandException(
          ExitCode.USAGE, "two configurations are named, " + option + " and " + word);
    }
    if (option != null || word != null) {
      return option != null ? option : word;
    }
    if (Files.notExists(STANDARD)) {
      throw new CommandException(
          ExitCode.USAGE,
          "no configuration is named, and " + STANDARD + " is not there: add -c FILE (see --help)");
    }
    return STANDARD;
  }
}
