package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.portbouncer.launcher.bench.IpcBench;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bouncer bench ipc}: round trips between processes and between threads. */
@Command(
    name = "ipc",
    description =
        "Round trips between two processes (Unix datagram, rings in shared memory with polling) and"
            + " between two threads.")
final class BenchIpcCommand implements Callable<Integer> {

  private final Console console;

  @Spec private CommandSpec spec;

  @Option(names = "--trips", paramLabel = "N", description = "per run (default: 100000)")
  private int trips = 100_000;

  @Option(names = "--runs", paramLabel = "N", description = "of each mode (default: 5)")
  private int runs = 5;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  BenchIpcCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (trips < 100 || runs < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--trips is at least 100, --runs at least 1");
    }
    Progress progress =
        new Progress(console.err(), !json && Boolean.getBoolean("bouncer.terminal"));
    List<IpcBench.Row> rows;
    try (IpcBench bench = new IpcBench()) {
      rows = bench.measure(trips, runs, d -> progress.done(d[0], d[1]));
    }
    if (json) {
      printJson(rows);
    } else {
      print(rows);
    }
    return ExitCode.DONE;
  }

  private void print(List<IpcBench.Row> rows) {
    console.out().printf("%d round trips, medians of %d runs%n%n", trips, runs);
    Table table = new Table(console, "MODE", ">P50 µs", ">P99 µs");
    for (IpcBench.Row row : rows) {
      table.row(row.mode().text(), number(row.p50()), number(row.p99()));
    }
    table.print();
  }

  private void printJson(List<IpcBench.Row> rows) {
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "{\"trips\":%d,\"runs\":%d,\"modes\":{", trips, runs));
    String separator = "";
    for (IpcBench.Row row : rows) {
      text.append(separator)
          .append('"')
          .append(row.mode().text())
          .append("\":{\"p50_us\":")
          .append(number(row.p50()))
          .append(",\"p99_us\":")
          .append(number(row.p99()))
          .append('}');
      separator = ",";
    }
    console.out().println(text.append("}}"));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }
}
