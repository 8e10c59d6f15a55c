package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.launcher.admin.AdminClient;
import org.portbouncer.launcher.admin.Requests;
import org.portbouncer.launcher.view.Answer;
import org.portbouncer.launcher.view.Units;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bouncer upgrade}: has another installation follow the server, with all its sessions. */
@Command(
    name = "upgrade",
    description =
        "Start the server of an installation beside the one that runs, and have it go on with all"
            + " clients and live sessions; wait for that, and print how many were moved and how"
            + " long they stood still. A new server that does not come up changes nothing.")
final class UpgradeCommand implements Callable<Integer> {

  /** For each word of the server: a start may take a minute. */
  private static final Duration PATIENCE = Duration.ofSeconds(130);

  private static final double MICROS_PER_MS = 1000;

  private final Console console;

  @Mixin private ServerOptions server;

  @Option(
      names = "--to",
      paramLabel = "DIR",
      description = "The installation, with bin/bouncer in it (default: the one of this command).")
  private Path to;

  @Option(
      names = "--if-changed",
      description = "Do nothing where that installation is the one that runs, as it was started.")
  private boolean ifChanged;

  UpgradeCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws CommandException {
    Path home = to == null ? Path.of(System.getProperty("bouncer.home", "")) : to;
    String request = Requests.upgrade(home.toAbsolutePath().normalize().toString(), ifChanged);
    try (AdminClient client = server.connect(PATIENCE)) {
      Map<?, ?> line = ServerOptions.object(ServerOptions.ask(client, request));
      while (line.get("progress") != null) {
        console.err().println(Printable.of("upgrade: " + line.get("progress")));
        line = ServerOptions.object(client.next());
      }
      if (line.get("error") != null) {
        throw ServerOptions.refusal(line);
      }
      return print(new Answer(line));
    } catch (IOException e) {
      throw ServerOptions.failure(e);
    }
  }

  private int print(Answer how) {
    if (how.number("pid") == 0) {
      console.out().println("version " + how.text("to") + " runs already; nothing to do");
      return ExitCode.DONE;
    }
    console
        .out()
        .println(
            "version %s serves, pid %s; moved %s"
                .formatted(
                    how.text("to"), how.text("pid"), Units.count(how.number("moved"), "session")));
    if (how.number("moved") > 0) {
      console
          .out()
          .println(
              "stood still: half of them for at most %.1f ms, 99 %% for %.1f ms, the longest %.1f ms"
                  .formatted(
                      how.number("stood_still_us_p50") / MICROS_PER_MS,
                      how.number("stood_still_us_p99") / MICROS_PER_MS,
                      how.number("stood_still_us_most") / MICROS_PER_MS));
    }
    if (how.number("left") > 0) {
      console
          .out()
          .println(
              "with the old server until they end: %s (%s)"
                  .formatted(Units.count(how.number("left"), "session"), how.text("why")));
    }
    if (how.number("lost") > 0) {
      console
          .err()
          .println(
              "bouncer: ended on the way: "
                  + Units.count(how.number("lost"), "session")
                  + "; the log says why");
      return ExitCode.REFUSED;
    }
    return ExitCode.DONE;
  }
}
