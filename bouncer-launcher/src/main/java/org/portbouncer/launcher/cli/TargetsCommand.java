package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import org.portbouncer.launcher.admin.Json;
import org.portbouncer.launcher.admin.Requests;
import org.portbouncer.launcher.view.Answer;
import org.portbouncer.launcher.view.MemberText;
import org.portbouncer.launcher.view.Units;
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
                ">FOR",
                ">WEIGHT",
                ">SESSIONS",
                ">CONNECTED",
                ">AHEAD",
                ">FAILED",
                "LAST CHECK",
                "LAST ERROR")
            .leavingOut("WEIGHT", "AHEAD", "CONNECTED", "LAST CHECK", "FAILED", "LAST ERROR");
    long now = System.currentTimeMillis();
    List<MemberText> members = members(answer, now);
    members.forEach(member -> row(table, member));
    table.print();
  }

  /** Those first that somebody has to look after; else in the order of the file. */
  private static List<MemberText> members(String answer, long now) throws CommandException {
    try {
      return Json.parseArray(answer).stream()
          .map(each -> new MemberText(Answer.of(each), now))
          .sorted(Comparator.comparing(MemberText::trouble))
          .toList();
    } catch (Json.MalformedException e) {
      throw ServerOptions.unreadable(e);
    }
  }

  private static void row(Table table, MemberText member) {
    Answer answer = member.answer();
    table.row(
        answer.text("group"),
        member.name(),
        answer.text("address"),
        answer.text("state"),
        Units.millis(member.inStateMs()),
        answer.text("weight"),
        member.sessions(),
        answer.object("connects").text("ok"),
        answer.object("spares").text("used"),
        Long.toString(member.failed()),
        member.lastCheck(),
        member.lastError());
  }
}
