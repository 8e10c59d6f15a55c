package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.portbouncer.launcher.admin.Json;
import org.portbouncer.launcher.admin.Requests;
import org.portbouncer.launcher.view.Answer;
import org.portbouncer.launcher.view.SessionText;
import org.portbouncer.launcher.view.Units;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bouncer sessions}: the live sessions of the running server. */
@Command(name = "sessions", description = "List live sessions.")
final class SessionsCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private ServerOptions server;

  @Mixin private Watching watching;

  @Option(names = "--json", description = "Print the server's answer as it is.")
  private boolean json;

  @Option(names = "--listener", paramLabel = "NAME", description = "Only of this listener.")
  private String listener;

  @Option(
      names = "--from",
      paramLabel = "CIDR",
      converter = CidrText.class,
      description = "Only from this network.")
  private String from;

  SessionsCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws CommandException, IOException {
    return watching.run(console, "sessions", json, this::look);
  }

  private void look(Console to) throws CommandException {
    String answer = server.ask(Requests.sessions(listener, from));
    if (json) {
      to.out().println(answer);
      return;
    }
    try {
      print(to, Json.parseArray(answer));
    } catch (Json.MalformedException e) {
      throw ServerOptions.unreadable(e);
    }
  }

  private static void print(Console console, List<?> sessions) {
    Table table =
        new Table(
                console,
                ">ID",
                "LISTENER",
                "CLIENT",
                "TARGET",
                "RULE",
                "STATE",
                ">WORKER",
                ">AGE",
                ">IDLE",
                ">UP",
                ">DOWN")
            .leavingOut("RULE", "TARGET", "WORKER", "STATE", "IDLE", "AGE");
    for (Object each : sessions) {
      Answer session = Answer.of(each);
      table.row(
          session.text("id"),
          session.text("listener"),
          session.text("client"),
          SessionText.target(session),
          SessionText.rule(session),
          session.text("state"),
          session.text("worker_pid"),
          Units.millis(session.number("age_ms")),
          Units.millis(session.number("idle_ms")),
          Units.bytes(session.number("bytes_up")),
          Units.bytes(session.number("bytes_down")));
    }
    table.print();
  }
}
