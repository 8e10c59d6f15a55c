package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.portbouncer.launcher.manual.Manual;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code bouncer manual}: writes man pages and completion; part of the build. */
@Command(
    name = "manual",
    hidden = true,
    description = "Write man pages and completion for shells; part of the build.")
final class ManualCommand implements Callable<Integer> {

  private final Supplier<CommandLine> all;

  @Parameters(index = "0", paramLabel = "DIR", description = "Where to write them.")
  private Path folder;

  @Parameters(index = "1", paramLabel = "DATE", description = "What the pages bear.")
  private String date;

  /**
   * @param all the command with every other one
   */
  ManualCommand(Supplier<CommandLine> all) {
    this.all = all;
  }

  @Override
  public Integer call() throws IOException {
    Manual.write(all.get().getCommandSpec(), folder, date);
    return ExitCode.DONE;
  }
}
