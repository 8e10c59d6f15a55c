package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.portbouncer.launcher.admin.Json;
import org.portbouncer.launcher.admin.Requests;
import org.portbouncer.launcher.view.Answer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bouncer targets}: the members of groups of targets, and how they are. */
@Command(name = "targets", description = "Show the groups of targets and how their members are.")
final class TargetsCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private ServerOptions server;

  @Mixin private Watching watching;

  @Option(names = "--json", description = "Print the server's answer as it is.")
  private boolean json;

  TargetsCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws CommandException, IOException {
    return watching.run(console, "targets", json, this::look);
  }

  private void look(Console to) throws CommandException {
    String answer = server.ask(Requests.targets());
    if (json) {
      to.out().println(answer);
      return;
    }
    Table table =
        new Table(
                to,
                "GROUP",
                "MEMBER",
                "ADDRESS",
                "STATE",
                ">WEIGHT",
                ">SESSIONS",
                ">CONNECTED",
                ">FAILED",
                "LAST ERROR")
            .leavingOut("WEIGHT", "LAST ERROR", "CONNECTED");
    try {
      for (Object each : Json.parseArray(answer)) {
        row(table, Answer.of(each));
      }
    } catch (Json.MalformedException e) {
      throw ServerOptions.unreadable(e);
    }
    table.print();
  }

  private static void row(Table table, Answer member) {
    Answer connects = member.object("connects");
    long failed =
        connects.number("refused") + connects.number("timeout") + connects.number("error");
    boolean wrong = member.values().get("last_error") != null;
    table.row(
        member.text("group"),
        member.text("member") + (member.values().get("backup").equals(true) ? " (backup)" : ""),
        member.text("address"),
        member.text("state"),
        member.text("weight"),
        member.text("sessions"),
        connects.text("ok"),
        Long.toString(failed),
        wrong
            ? member.object("last_error").text("what")
                + ", since "
                + member.object("last_error").text("since")
            : "-");
  }
}
