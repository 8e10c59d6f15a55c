package org.portbouncer.launcher.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.portbouncer.core.config.EffectiveConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bouncer show-config}: the effective configuration; needs no server. */
@Command(
    name = "show-config",
    description = "Show every value in effect, defaults included, and where it comes from.")
final class ShowConfigCommand implements Callable<Integer> {

  /** A value longer than this does not push the places of all the others to the right. */
  private static final int WIDEST_ALIGNED = 72;

  private final Console console;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      required = true,
      description = "The configuration.")
  private Path file;

  ShowConfigCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws CommandException {
    ConfigProblems.load(console, file);
    List<EffectiveConfig.Entry> entries = EffectiveConfig.of(file);
    int width =
        entries.stream()
            .mapToInt(entry -> setting(entry).length())
            .filter(length -> length <= WIDEST_ALIGNED)
            .max()
            .orElse(0);
    for (EffectiveConfig.Entry entry : entries) {
      String setting = setting(entry);
      String padding = " ".repeat(Math.max(0, width - setting.length()));
      console.out().println(setting + padding + "  # " + entry.source());
    }
    return ExitCode.DONE;
  }

  private static String setting(EffectiveConfig.Entry entry) {
    return entry.key() + " = " + entry.value();
  }
}
