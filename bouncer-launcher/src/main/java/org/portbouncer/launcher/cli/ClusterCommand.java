package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.portbouncer.launcher.admin.Json;
import org.portbouncer.launcher.admin.Requests;
import org.portbouncer.launcher.view.Answer;
import org.portbouncer.launcher.view.Units;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bouncer cluster}: the limits that several servers hold together, and who they are. */
@Command(
    name = "cluster",
    description = "Show the limits that servers of the cluster share, and this server's parts.")
final class ClusterCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private ServerOptions server;

  @Mixin private Watching watching;

  @Option(names = "--json", description = "Print the server's answer as it is.")
  private boolean json;

  ClusterCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws CommandException, IOException {
    return watching.run(console, "cluster", json, this::look);
  }

  private void look(Console to) throws CommandException {
    String text = server.ask(Requests.cluster());
    if (json) {
      to.out().println(text);
      return;
    }
    Answer answer;
    try {
      answer = new Answer(Json.parseObject(text));
    } catch (Json.MalformedException e) {
      throw ServerOptions.unreadable(e);
    }
    String state = answer.text("state");
    to.out()
        .println(
            "cluster "
                + answer.text("name")
                + " by "
                + answer.text("redis")
                + ": "
                + state
                + (state.equals("away")
                    ? " since " + answer.text("since") + ": " + answer.text("last_trouble")
                    : ""));
    to.out()
        .println(
            "this server: "
                + answer.text("server")
                + "; parts "
                + (answer.values().get("lease_age_ms") == null
                    ? "none yet"
                    : Units.millis(answer.number("lease_age_ms")) + " old")
                + "; when-away = "
                + answer.text("when_away"));
    to.out().println("servers: " + answer.text("servers"));
    for (Answer member : answer.list("members")) {
      to.out()
          .println(
              "  "
                  + member.text("server")
                  + "  heard "
                  + Units.millis(member.number("heard_ms"))
                  + " ago");
    }
    Table table =
        new Table(to, "LIMIT", "OF", ">ALL", ">PART", ">USED", ">HELD BY ALL", ">USED BY ALL");
    answer.list("limits").forEach(limit -> row(table, limit));
    table.print();
  }

  private static void row(Table table, Answer limit) {
    boolean bytes = limit.text("limit").equals("up") || limit.text("limit").equals("down");
    table.row(
        limit.text("limit"),
        limit.text("of"),
        amount(limit.number("all"), bytes),
        amount(limit.number("part"), bytes),
        amount(limit.number("used"), bytes),
        amount(limit.number("held_by_all"), bytes),
        amount(limit.number("used_by_all"), bytes));
  }

  private static String amount(long number, boolean bytes) {
    return bytes ? Units.bytes(number) + "/s" : Long.toString(number);
  }
}
