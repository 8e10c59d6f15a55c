package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.LongPredicate;
import org.portbouncer.launcher.admin.AdminClient;
import org.portbouncer.launcher.admin.Requests;
import org.portbouncer.launcher.view.Answer;
import org.portbouncer.launcher.view.Units;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code bouncer stop}: asks the server to stop and stays until its process has gone, so that what
 * follows in a script finds the ports free.
 */
@Command(
    name = "stop",
    description =
        "Stop the server: let sessions end for timeouts.drain, then end them; wait for it.")
final class StopCommand implements Callable<Integer> {

  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration BETWEEN_PROGRESS = Duration.ofSeconds(1);

  private final Console console;
  private final LongPredicate running;

  @Mixin private ServerOptions server;

  @Option(names = "--now", description = "End live sessions at once.")
  private boolean now;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "Give up waiting after this time (exit code 4); the server goes on stopping.")
  private Long timeoutSeconds;

  StopCommand(Console console) {
    this(console, StopCommand::isRunning);
  }

  StopCommand(Console console, LongPredicate running) {
    this.console = console;
    this.running = running;
  }

  @Override
  public Integer call() throws CommandException, IOException, InterruptedException {
    long deadline = System.nanoTime() + budget().toNanos();
    try (AdminClient client = server.connect()) {
      Answer answer =
          new Answer(ServerOptions.object(ServerOptions.ask(client, Requests.stop(now))));
      long pid = answer.number("pid");
      progress(answer.number("active"));
      watch(client, deadline);
      while (running.test(pid)) {
        sleepBefore(deadline);
      }
    }
    console.out().println("stopped");
    return ExitCode.DONE;
  }

  private Duration budget() {
    return timeoutSeconds == null ? Duration.ofDays(365) : Duration.ofSeconds(timeoutSeconds);
  }

  /** Shows how many sessions are left, until the server closes the connection. */
  private void watch(AdminClient client, long deadline)
      throws CommandException, IOException, InterruptedException {
    long shown = -1;
    long nextProgress = System.nanoTime() + BETWEEN_PROGRESS.toNanos();
    while (true) {
      long active;
      try {
        String status = ServerOptions.askOrClosed(client, Requests.status());
        active = new Answer(ServerOptions.object(status)).object("limits").number("active");
      } catch (AdminClient.ClosedException e) {
        return;
      }
      if (active != shown && System.nanoTime() - nextProgress >= 0) {
        progress(active);
        shown = active;
        nextProgress = System.nanoTime() + BETWEEN_PROGRESS.toNanos();
      }
      sleepBefore(deadline);
    }
  }

  private void progress(long active) {
    console
        .err()
        .println(
            active == 0 ? "stopping" : "stopping: waiting for " + Units.count(active, "session"));
  }

  private static void sleepBefore(long deadline) throws CommandException, InterruptedException {
    if (System.nanoTime() - deadline >= 0) {
      throw new CommandException(ExitCode.TIMED_OUT, "the server has not stopped in time");
    }
    Thread.sleep(POLL);
  }

  /**
   * A process that has ended but that nobody has waited for yet holds nothing any more: it counts
   * as gone.
   */
  private static boolean isRunning(long pid) {
    if (pid <= 0) {
      return false; // in another pid namespace; that the connection has closed must do
    }
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
    } catch (IOException e) {
      return false;
    }
  }
}
