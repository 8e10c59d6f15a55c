package org.portbouncer.launcher.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code bouncer rehearse}: runs the commands that operators wait for, one after the other in this
 * process, against a server of the same configuration, and stops it. For bin/make-cache, which
 * records what they load; the first that fails ends it.
 */
@Command(
    name = "rehearse",
    hidden = true,
    description = "Run the usual commands once, then stop the server; part of the build.")
final class RehearseCommand implements Callable<Integer> {

  private final Function<String[], Integer> commands;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      required = true,
      description = "The configuration of the server.")
  private Path file;

  /**
   * @param commands runs one command line and returns its exit code
   */
  RehearseCommand(Function<String[], Integer> commands) {
    this.commands = commands;
  }

  @Override
  public Integer call() {
    List<String> lines =
        List.of(
            "check -c",
            "show-config -c",
            "acl test --listener echo --from 127.0.0.1 -c",
            "status -c",
            "status --json -c",
            "sessions -c",
            "sessions --json -c",
            "stop -c");
    for (String line : lines) {
      int code = commands.apply((line + " " + file).split(" ", -1));
      if (code != ExitCode.DONE) {
        return code;
      }
    }
    return ExitCode.DONE;
  }
}
