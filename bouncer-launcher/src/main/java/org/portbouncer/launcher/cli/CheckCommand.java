package org.portbouncer.launcher.cli;

import java.util.concurrent.Callable;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.LoadResult;
import org.portbouncer.core.log.Printable;
import org.portbouncer.launcher.mother.SessionRoom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code bouncer check}: validates a configuration; needs no server. */
@Command(
    name = "check",
    description = "Check a configuration and print every problem in it, not only the first.")
final class CheckCommand implements Callable<Integer> {

  private final Console console;

  @Mixin private ConfigFile file;

  CheckCommand(Console console) {
    this.console = console;
  }

  /** By the limit of this shell; a service manager may give the server another one. */
  private void warnOfDescriptors(LoadResult loaded) {
    Configuration configuration = loaded.configuration();
    SessionRoom room = SessionRoom.of(configuration);
    if (room.isTooSmallFor(configuration)) {
      console
          .err()
          .println(
              loaded.warning(
                  "limits.max-sessions",
                  "is more than the descriptor limit here allows: "
                      + room.limit()
                      + " descriptors are enough for "
                      + room.all()
                      + " sessions in "
                      + configuration.workers().io()
                      + " io workers; raise it (ulimit -n, LimitNOFILE=), or lower the setting"));
    }
  }

  @Override
  public Integer call() throws CommandException {
    LoadResult loaded = ConfigProblems.load(console, file.path());
    warnOfDescriptors(loaded);
    console.out().println(Printable.of(file.path() + ": ok"));
    return ExitCode.DONE;
  }
}
