package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * What a command did that ran to its end.
 *
 * @param exit its exit code
 * @param out lines on stdout
 * @param err lines on stderr
 * @param mark what its process and all that it started have in their environment
 */
record CommandResult(int exit, List<String> out, List<String> err, String mark) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long MOST_SECONDS = Patience.seconds(60).toSeconds();

  /** Runs bin/bouncer with these arguments. */
  static CommandResult bouncer(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Checkout.command());
    command.addAll(List.of(arguments));
    return run(null, command);
  }

  static CommandResult run(Path folder, List<String> command)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command);
    String mark = "BOUNCER_TEST=" + UUID.randomUUID();
    builder.environment().put("BOUNCER_TEST", mark.substring(mark.indexOf('=') + 1));
    if (folder != null) {
      builder.directory(folder.toFile());
    }
    Process process = builder.start();
    process.getOutputStream().close();
    Output out = new Output("stdout", process.getInputStream());
    Output err = new Output("stderr", process.getErrorStream());
    if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      throw new AssertionError(
          command + " still runs after " + MOST_SECONDS + " s: " + out.text() + err.text());
    }
    out.awaitEnd();
    err.awaitEnd();
    return new CommandResult(process.exitValue(), out.lines(), err.lines(), mark);
  }

  /** Processes that the command has left behind. */
  List<Long> leftBehind() {
    return ProcessTree.withEnvironment(mark);
  }

  String outText() {
    return String.join("\n", out);
  }

  /** What it said, where that is JSON and it succeeded. */
  JsonNode json() throws IOException {
    assertThat(exit).as(allText()).isZero();
    return JSON.readTree(outText());
  }

  /** Both streams, for what may be said on either. */
  String allText() {
    return String.join("\n", out) + "\n" + String.join("\n", err);
  }
}
