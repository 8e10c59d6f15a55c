package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.portbouncer.launcher.admin.AdminClient;
import org.portbouncer.launcher.screen.FullScreen;
import org.portbouncer.launcher.top.Top;
import org.portbouncer.launcher.top.TopServer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bouncer top}: the running server on the whole terminal, anew every second. */
@Command(
    name = "top",
    description =
        "Show rates, workers and the heaviest sessions on the whole terminal; h there shows the"
            + " keys, q quits.")
final class TopCommand implements Callable<Integer> {

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Console console;

  @Mixin private ServerOptions server;

  @Option(
      names = "--interval",
      paramLabel = "SECONDS",
      converter = SecondsText.class,
      defaultValue = "1",
      description = "How often to look (default: every ${DEFAULT-VALUE} s).")
  private Duration interval;

  TopCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws CommandException, IOException {
    if (!console.terminal()) {
      throw notHere("standard output must be one");
    }
    try (TopServer looked = new TopServer(server.connect(PATIENCE), this::connectAgain);
        FullScreen screen = FullScreen.open()) {
      new Top(screen, console.colour()).run(looked, interval);
    } catch (FullScreen.NoTerminalException e) {
      throw notHere(e.getMessage());
    }
    return ExitCode.DONE;
  }

  private AdminClient connectAgain() throws IOException {
    try {
      return server.connect(PATIENCE);
    } catch (CommandException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static CommandException notHere(String why) {
    return new CommandException(
        ExitCode.USAGE,
        "top needs a terminal: " + why + " (bouncer status and bouncer sessions do not)");
  }
}
