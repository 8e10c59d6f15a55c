package org.portbouncer.launcher.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bouncer acl}: what can be asked about rules. */
@Command(
    name = "acl",
    description = "Ask what the rules of a configuration decide.",
    synopsisSubcommandLabel = "COMMAND")
final class AclCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing: test");
  }
}
