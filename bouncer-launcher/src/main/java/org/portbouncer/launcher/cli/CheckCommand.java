package org.portbouncer.launcher.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bouncer check}: validates a configuration; needs no server. */
@Command(
    name = "check",
    description = "Check a configuration and print every problem in it, not only the first.")
final class CheckCommand implements Callable<Integer> {

  private final Console console;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      required = true,
      description = "The configuration.")
  private Path file;

  CheckCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws CommandException {
    ConfigProblems.load(console, file);
    console.out().println(file + ": ok");
    return ExitCode.DONE;
  }
}
