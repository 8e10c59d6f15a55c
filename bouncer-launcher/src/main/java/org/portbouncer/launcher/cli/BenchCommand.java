package org.portbouncer.launcher.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code bouncer bench}: measures what the hops cost on this machine; needs no server. */
@Command(name = "bench", description = "Measure on this machine: hop, ipc.")
final class BenchCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new CommandLine.ParameterException(spec.commandLine(), "name a benchmark: hop or ipc");
  }
}
