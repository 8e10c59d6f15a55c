package org.portbouncer.launcher.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.portbouncer.launcher.ServerRunner;

/**
 * One run of the command line in this process, and what came of it.
 *
 * @param code the exit code
 * @param out standard output
 * @param err standard error
 */
record CliRun(int code, String out, String err) {

  static CliRun of(String... args) {
    return with(
        (loaded, debug) -> {
          throw new AssertionError("no server was asked for");
        },
        args);
  }

  static CliRun with(ServerRunner server, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Cli cli =
        new Cli(
            new Results(out, StandardCharsets.UTF_8),
            stream(err),
            Map.of("TERM", "xterm"),
            false,
            server);
    int code = cli.run(args);
    return new CliRun(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }
}
