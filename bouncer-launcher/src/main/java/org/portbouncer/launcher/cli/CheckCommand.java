package org.portbouncer.launcher.cli;

import java.util.concurrent.Callable;
import org.portbouncer.config.LoadResult;
import org.portbouncer.core.config.ConfigCodec;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.core.worker.HeapNeed;
import org.portbouncer.launcher.mother.doors.SessionRoom;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code bouncer check}: validates a configuration; needs no server. */
@Command(
    name = "check",
    description = "Check a configuration and print every problem in it, not only the first.")
final class CheckCommand implements Callable<Integer> {

  private static final long WORTH_SAYING = 1 << 20;

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

  /** What large lists and many rules will take; small configurations need no word. */
  private void sayNeeds(LoadResult loaded) {
    long shared = loaded.rules().used();
    long heap = HeapNeed.of(ConfigCodec.encode(loaded.configuration()).length);
    if (shared + heap > WORTH_SAYING) {
      console
          .out()
          .printf(
              "needs %.1f MiB of memory that all workers share, for %,d ranges of networks; %.1f"
                  + " MiB of heap in each worker%n",
              mebibytes(shared), loaded.rules().networks(), mebibytes(heap));
    }
  }

  private static double mebibytes(long bytes) {
    return bytes / 1024.0 / 1024.0;
  }

  @Override
  public Integer call() throws CommandException {
    LoadResult loaded = ConfigProblems.load(console, file.path());
    warnOfDescriptors(loaded);
    console.out().println(Printable.of(file.path() + ": ok"));
    sayNeeds(loaded);
    return ExitCode.DONE;
  }
}
