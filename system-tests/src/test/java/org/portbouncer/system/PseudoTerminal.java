package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A shell command at a terminal: script(1) of util-linux makes the terminal, the test types and
 * looks. Before and after the command the shell says how the terminal is set.
 */
final class PseudoTerminal implements AutoCloseable {
  private static final Duration PATIENCE = Patience.seconds(30);

  private final Process script;
  private final OutputStream keyboard;
  private final TerminalScreen screen = new TerminalScreen(80, 24);
  private final StringBuilder written = new StringBuilder();
  private final Thread reader;

  private PseudoTerminal(Process script) {
    this.script = script;
    keyboard = script.getOutputStream();
    reader = Thread.ofPlatform().daemon().name("terminal").start(this::show);
  }

  /** Runs {@code command} of a shell at a terminal of 80 columns and 24 rows. */
  static PseudoTerminal run(String command) throws IOException {
    String whole =
        "stty rows 24 cols 80; echo \"at $(tty) \"; echo \"before $(stty -g) \"; "
            + command
            + "; echo \"exit $? \"; echo \"after $(stty -g) \"";
    ProcessBuilder builder = new ProcessBuilder("script", "-qfc", whole, "/dev/null");
    builder.environment().put("TERM", "xterm-256color");
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().put("SHELL", "/bin/sh");
    builder.environment().remove("NO_COLOR");
    builder.redirectErrorStream(true);
    return new PseudoTerminal(builder.start());
  }

  private void show() {
    try (Reader in = new InputStreamReader(script.getInputStream(), StandardCharsets.UTF_8)) {
      for (int c = in.read(); c >= 0; c = in.read()) {
        synchronized (written) {
          written.append((char) c);
        }
        screen.write((char) c);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  TerminalScreen screen() {
    return screen;
  }

  /** All that was written, with its sequences. */
  String written() {
    synchronized (written) {
      return written.toString();
    }
  }

  void type(String keys) throws IOException {
    keyboard.write(keys.getBytes(StandardCharsets.UTF_8));
    keyboard.flush();
  }

  /** Waits until a line of the screen holds a match, and returns it. */
  String awaitLine(String pattern) {
    Pattern wanted = Pattern.compile(pattern);
    try {
      return await(pattern)
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(20))
          .until(
              () ->
                  screen.lines().stream()
                      .filter(line -> wanted.matcher(line).find())
                      .findFirst()
                      .orElse(null),
              line -> line != null);
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      throw new AssertionError(pattern + " is not on\n" + String.join("\n", screen.lines()), e);
    }
  }

  /** Waits until no line of the screen holds a match. */
  void awaitNoLine(String pattern) {
    Pattern unwanted = Pattern.compile(pattern);
    await("no " + pattern)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> screen.lines().stream().noneMatch(line -> unwanted.matcher(line).find()));
  }

  /** Makes the window another size, as its user does with the mouse. */
  void resize(int columns, int rows) throws IOException, InterruptedException {
    screen.resize(columns, rows);
    CommandResult stty =
        CommandResult.run(
            null,
            List.of(
                "stty",
                "-F",
                said("at"),
                "rows",
                Integer.toString(rows),
                "cols",
                Integer.toString(columns)));
    assertThat(stty.exit()).as(stty.allText()).isZero();
  }

  /** What the shell said under this name. */
  private String said(String name) {
    Matcher matcher = Pattern.compile(name + " (\\S+) ").matcher(written());
    return matcher.find() ? matcher.group(1) : "nothing";
  }

  /**
   * Waits for the end of the command.
   *
   * @return its exit code, after it was seen that the terminal is as it was before
   */
  int awaitExit() throws InterruptedException {
    assertThat(script.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as(written()).isTrue();
    reader.join(PATIENCE);
    assertThat(said("after")).as("how the terminal is set").isEqualTo(said("before"));
    assertThat(screen.taken()).as("the program's screen is still there").isFalse();
    assertThat(screen.cursorShown()).as("the cursor is there again").isTrue();
    return Integer.parseInt(said("exit"));
  }

  @Override
  public void close() throws IOException {
    script.descendants().forEach(ProcessHandle::destroyForcibly);
    script.destroyForcibly();
    keyboard.close();
  }
}
