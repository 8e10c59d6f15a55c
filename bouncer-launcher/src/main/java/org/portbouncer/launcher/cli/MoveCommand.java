package org.portbouncer.launcher.cli;

import java.util.concurrent.Callable;
import org.portbouncer.launcher.admin.Requests;
import org.portbouncer.launcher.view.Answer;
import org.portbouncer.launcher.view.Units;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code bouncer move}: has others go on with the sessions of an io worker. */
@Command(
    name = "move",
    description =
        "Have the live sessions of an io worker go on in the others, and a new process follow it;"
            + " print how many.")
final class MoveCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private ServerOptions server;

  @Parameters(
      paramLabel = "WORKER",
      description = "As `bouncer status` names it, such as io/0, or its pid.")
  private String worker;

  MoveCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws CommandException {
    long moved =
        new Answer(ServerOptions.object(server.ask(Requests.move(worker)))).number("moved");
    console.out().println("moved " + Units.count(moved, "session"));
    return ExitCode.DONE;
  }
}
