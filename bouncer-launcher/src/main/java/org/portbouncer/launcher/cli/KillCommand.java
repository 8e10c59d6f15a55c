package org.portbouncer.launcher.cli;

import java.util.concurrent.Callable;
import org.portbouncer.launcher.admin.Requests;
import org.portbouncer.launcher.view.Answer;
import org.portbouncer.launcher.view.Units;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bouncer kill}: ends live sessions. */
@Command(
    name = "kill",
    description = "End sessions, by their ids or by where they come from; print how many.")
final class KillCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private ServerOptions server;

  @ArgGroup(multiplicity = "1")
  private Choice choice;

  /** Which sessions: exactly one of the two ways to say so. */
  static final class Choice {

    @Parameters(paramLabel = "ID", arity = "1..*", description = "The sessions to end.")
    private long[] ids;

    @Option(
        names = "--from",
        paramLabel = "CIDR",
        converter = CidrText.class,
        description = "End all sessions from this network.")
    private String from;
  }

  KillCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws CommandException {
    String request =
        choice.from == null ? Requests.killIds(choice.ids) : Requests.killFrom(choice.from);
    long killed = new Answer(ServerOptions.object(server.ask(request))).number("killed");
    console.out().println("killed " + Units.count(killed, "session"));
    return killed == 0 ? ExitCode.REFUSED : ExitCode.DONE;
  }
}
