package org.portbouncer.launcher.cli;

import java.nio.file.Path;
import org.portbouncer.core.config.ConfigLoader;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.LoadResult;
import org.portbouncer.core.config.Problem;

/** Loads a configuration for a command and shows what is wrong with it. */
final class ConfigProblems {

  private ConfigProblems() {}

  /**
   * Loads {@code file} and prints every problem, errors and warnings, one line each on standard
   * error.
   *
   * @throws CommandException without a line of its own where there are errors
   */
  static Configuration load(Console console, Path file) throws CommandException {
    LoadResult loaded = ConfigLoader.load(file);
    boolean bad = loaded.configuration() == null;
    for (Problem problem : loaded.problems()) {
      console.err().println(problem);
    }
    if (bad) {
      throw new CommandException(ExitCode.REFUSED, null);
    }
    return loaded.configuration();
  }
}
