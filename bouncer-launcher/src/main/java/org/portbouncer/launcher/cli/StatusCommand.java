package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.Callable;
import org.portbouncer.launcher.admin.Requests;
import org.portbouncer.launcher.state.ServerState;
import org.portbouncer.launcher.view.Answer;
import org.portbouncer.launcher.view.Units;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bouncer status}: the running server at a glance. */
@Command(
    name = "status",
    description =
        "Show the running server: its state (exit 0 where that is ready, else 1), its listeners,"
            + " its workers.")
final class StatusCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private ServerOptions server;

  @Mixin private Watching watching;

  @Option(names = "--json", description = "Print the server's answer as it is.")
  private boolean json;

  /** As it was at the last look. */
  private boolean ready;

  StatusCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws CommandException, IOException {
    int exit = watching.run(console, "status", json, this::look);
    return exit == ExitCode.DONE && !ready ? ExitCode.REFUSED : exit;
  }

  private void look(Console to) throws CommandException {
    String answer = server.ask(Requests.status());
    Answer status = new Answer(ServerOptions.object(answer));
    ready = status.text("state").equals(ServerState.READY.text());
    if (json) {
      to.out().println(answer);
    } else {
      print(to, status);
    }
  }

  private static void print(Console console, Answer status) {
    Answer limits = status.object("limits");
    Answer transfer = status.object("state_transfer");
    console
        .out()
        .printf(
            "bouncer %s, pid %s, %s, up %s, epoch %s%n",
            status.text("version"),
            status.text("pid"),
            console.state(status.text("state")),
            Units.millis(status.number("uptime_s") * 1000),
            status.text("epoch"));
    for (Answer reason : status.list("reasons")) {
      console
          .out()
          .printf(
              "  %s since %s: %s%n",
              reason.text("what"), reason.text("since"), reason.text("detail"));
    }
    console
        .out()
        .printf(
            "sessions %d of %d, state transfer %s, %d spilled%s%n",
            limits.number("active"),
            limits.number("max_sessions"),
            transfer.text("mode"),
            transfer.number("spilled"),
            slots(transfer));
    printAccessLog(console, status.object("access_log"));
    printServerLog(console, status.object("server_log"));
    console.out().println();
    printListeners(console, status.object("listeners").values());
    console.out().println();
    printBandwidth(console, status.object("bandwidth").values());
    printWorkers(console, status);
  }

  /** Only what somebody should look at. */
  private static void printAccessLog(Console console, Answer log) {
    if (log.number("lines_left_out") > 0) {
      console.out().printf("access log lines left out: %d%n", log.number("lines_left_out"));
    }
    if (log.values().get("trouble") != null) {
      console.out().printf("the access log cannot be written: %s%n", log.text("trouble"));
    }
  }

  private static void printServerLog(Console console, Answer log) {
    if (log.number("lines_left_out") > 0) {
      console.out().printf("server log lines left out: %d%n", log.number("lines_left_out"));
    }
  }

  private static String slots(Answer transfer) {
    long total = transfer.number("slots_total");
    return total == 0 ? "" : ", slots " + transfer.number("slots_used") + " of " + total + " used";
  }

  private static void printListeners(Console console, Map<?, ?> listeners) {
    Table table =
        new Table(
                console,
                "LISTENER",
                "LISTEN",
                "TARGET",
                ">ACCEPTED",
                ">ACTIVE",
                ">PASSED",
                ">BLOCKED",
                ">LIMITED",
                ">FAILED",
                ">UP",
                ">DOWN")
            .leavingOut("LISTEN", "TARGET", "PASSED", "LIMITED", "BLOCKED", "ACCEPTED");
    listeners.forEach(
        (name, value) -> {
          Answer listener = Answer.of(value);
          table.row(
              String.valueOf(name),
              listener.text("listen"),
              listener.text("target"),
              listener.text("accepted"),
              listener.text("active"),
              listener.text("passed"),
              listener.text("blocked"),
              listener.text("limited"),
              listener.text("failed"),
              Units.bytes(listener.number("bytes_up")),
              Units.bytes(listener.number("bytes_down")));
        });
    table.print();
    listeners.forEach(
        (name, value) -> {
          if (Answer.of(value).values().get("last_error") != null) {
            printError(console, String.valueOf(name), Answer.of(value).object("last_error"));
          }
        });
  }

  private static void printError(Console console, String listener, Answer error) {
    String since = error.number("count") > 1 ? ", first " + error.text("since") : "";
    console
        .out()
        .printf(
            "%s: last failed %s: %s; times in a row: %d%s%n",
            listener, error.text("last"), error.text("what"), error.number("count"), since);
  }

  private static void printBandwidth(Console console, Map<?, ?> classes) {
    if (classes.isEmpty()) {
      return;
    }
    Table table =
        new Table(
                console,
                "BANDWIDTH",
                ">UP",
                ">DOWN",
                ">BURST",
                "SHARED BY",
                ">SESSIONS",
                ">THROTTLED")
            .leavingOut("BURST", "SHARED BY");
    classes.forEach(
        (name, value) -> {
          Answer one = Answer.of(value);
          table.row(
              String.valueOf(name),
              Units.rate(one.number("up")),
              Units.rate(one.number("down")),
              Units.bytes(one.number("burst")),
              one.text("shared_by"),
              one.text("sessions"),
              Units.millis(1000 * one.number("throttled_s")));
        });
    table.print();
    console.out().println();
  }

  private static void printWorkers(Console console, Answer status) {
    Table table =
        new Table(console, "WORKER", ">PID", "STATE", ">RESTARTS", ">SESSIONS", ">MEMORY");
    for (Answer worker : status.list("workers")) {
      table.row(
          worker.text("stage") + "/" + worker.text("index"),
          worker.text("pid"),
          worker.text("state"),
          worker.text("restarts"),
          worker.text("sessions"),
          Units.bytes(worker.number("rss_bytes")));
    }
    for (Answer spare : status.list("spares")) {
      table.row(
          "spare/" + spare.text("index"),
          spare.text("pid"),
          spare.text("state"),
          "-",
          "-",
          Units.bytes(spare.number("rss_bytes")));
    }
    table.print();
    for (Answer worker : status.list("workers")) {
      if (worker.values().get("next_start_ms") != null) {
        console
            .out()
            .printf(
                "%s/%s starts again in %s: %s%n",
                worker.text("stage"),
                worker.text("index"),
                Units.millis(worker.number("next_start_ms")),
                worker.text("last_end"));
      }
    }
  }
}
