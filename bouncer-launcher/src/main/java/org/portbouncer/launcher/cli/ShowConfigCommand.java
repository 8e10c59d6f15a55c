package org.portbouncer.launcher.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.portbouncer.config.EffectiveConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code bouncer show-config}: the effective configuration; needs no server. */
@Command(
    name = "show-config",
    description = {
      "Show every value in effect, defaults included, and where it comes from.",
      "What it prints is a configuration that means the same, but for secrets: *** stands for them."
    })
final class ShowConfigCommand implements Callable<Integer> {

  /** A value longer than this does not push the places of all the others to the right. */
  private static final int WIDEST_ALIGNED = 72;

  private final Console console;

  @Mixin private ConfigFile file;

  ShowConfigCommand(Console console) {
    this.console = console;
  }

  /** A line of the output and what is said behind it. */
  private record Line(String text, String source) {}

  @Override
  public Integer call() throws CommandException {
    ConfigProblems.load(console, file.path());
    List<Line> lines = lines(EffectiveConfig.of(file.path()));
    int width =
        lines.stream()
            .mapToInt(line -> line.text().length())
            .filter(length -> length <= WIDEST_ALIGNED)
            .max()
            .orElse(0);
    for (Line line : lines) {
      String padding = " ".repeat(Math.max(0, width - line.text().length()));
      console
          .out()
          .println(
              line.source().isEmpty()
                  ? line.text()
                  : line.text() + padding + "  # " + line.source());
    }
    return ExitCode.DONE;
  }

  private static List<Line> lines(List<EffectiveConfig.Entry> entries) {
    List<Line> lines = new ArrayList<>();
    lines.add(new Line("bouncer {", ""));
    String list = "";
    int element = 0;
    for (EffectiveConfig.Entry entry : entries) {
      boolean otherList = !entry.list().equals(list);
      if (element > 0 && (otherList || entry.element() != element)) {
        lines.add(new Line("    }", ""));
      }
      if (otherList && !list.isEmpty()) {
        lines.add(new Line("  ]", ""));
      }
      if (otherList && !entry.list().isEmpty()) {
        lines.add(new Line("  " + entry.list() + " = [", ""));
      }
      if (entry.element() > 0 && (otherList || entry.element() != element)) {
        lines.add(new Line("    {", ""));
      }
      list = entry.list();
      element = entry.element();
      String indent = list.isEmpty() ? "  " : "      ";
      lines.add(new Line(indent + entry.key() + " = " + entry.value(), entry.source()));
    }
    if (element > 0) {
      lines.add(new Line("    }", ""));
      lines.add(new Line("  ]", ""));
    }
    lines.add(new Line("}", ""));
    return lines;
  }
}
