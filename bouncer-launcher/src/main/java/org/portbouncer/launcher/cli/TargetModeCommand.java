package org.portbouncer.launcher.cli;

import java.util.concurrent.Callable;
import org.portbouncer.launcher.admin.Requests;
import org.portbouncer.launcher.view.Answer;
import org.portbouncer.launcher.view.Units;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code bouncer target drain|off|ready}: says so of members of a group. */
abstract class TargetModeCommand implements Callable<Integer> {

  private final Console console;
  private final String mode;

  @Mixin private ServerOptions server;

  @Parameters(
      paramLabel = "GROUP[/MEMBER]",
      description = "A member of a group of targets, or all members of it.")
  private String which;

  TargetModeCommand(Console console, String mode) {
    this.console = console;
    this.mode = mode;
  }

  @Override
  public Integer call() throws CommandException {
    long said =
        new Answer(ServerOptions.object(server.ask(Requests.target(mode, which))))
            .number("members");
    console.out().println(which + ": " + Units.count(said, "member") + " " + mode);
    return ExitCode.DONE;
  }

  /** No new sessions; those that are go on. */
  @Command(name = "drain", description = "Give it no new sessions; checks go on.")
  static final class Drain extends TargetModeCommand {
    Drain(Console console) {
      super(console, "drain");
    }
  }

  /** As drain, without checks. */
  @Command(name = "off", description = "Give it no new sessions, and do not check it.")
  static final class Off extends TargetModeCommand {
    Off(Console console) {
      super(console, "off");
    }
  }

  /** In service again. */
  @Command(name = "ready", description = "Give it sessions again.")
  static final class Ready extends TargetModeCommand {
    Ready(Console console) {
      super(console, "ready");
    }
  }
}
