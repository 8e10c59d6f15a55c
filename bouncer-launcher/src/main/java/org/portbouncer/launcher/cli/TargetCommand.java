package org.portbouncer.launcher.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bouncer target}: what the operator says of members; see its subcommands. */
@Command(
    name = "target",
    description = "Take members of a group of targets out of service, and back.",
    synopsisSubcommandLabel = "COMMAND")
final class TargetCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing: drain, off or ready");
  }
}
