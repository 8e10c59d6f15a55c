package org.portbouncer.launcher.cli;

import java.nio.file.Path;
import org.portbouncer.config.ConfigLoader;
import org.portbouncer.config.LoadResult;
import org.portbouncer.config.Problem;

/** Loads a configuration for a command and shows what is wrong with it. */
final class ConfigProblems {

  private ConfigProblems() {}

  /**
   * Loads {@code file} and prints every problem, errors and warnings, one line each on standard
   * error.
   *
   * @throws CommandException without a line of its own where there are errors
   */
  static LoadResult load(Console console, Path file) throws CommandException {
    LoadResult loaded = loadForServer(console, file);
    print(console, loaded);
    return loaded;
  }

  /**
   * Loads {@code file}; errors are printed, warnings are left to the server, who logs them once it
   * is up: a start that fails says why in one line.
   *
   * @throws CommandException without a line of its own where there are errors
   */
  static LoadResult loadForServer(Console console, Path file) throws CommandException {
    LoadResult loaded = ConfigLoader.load(file);
    if (loaded.configuration() == null) {
      print(console, loaded);
      throw new CommandException(ExitCode.REFUSED, null);
    }
    return loaded;
  }

  private static void print(Console console, LoadResult loaded) {
    for (Problem problem : loaded.problems()) {
      console.err().println(problem);
    }
  }
}
