package org.portbouncer.launcher.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.launcher.bench.HopBench;
import org.portbouncer.launcher.bench.HopMode;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bouncer bench hop}: the article's test on the server's own hop code. */
@Command(
    name = "hop",
    description =
        "Hand session states from one process to another, in every mode in turn, and compare the"
            + " CPU time of both processes.")
final class BenchHopCommand implements Callable<Integer> {

  private static final int MAX_STATE = 16 << 20;
  private static final int[] RECOMMENDED_SIZES = {
    120, 1024, 4096, 16_384, 65_536, 112_192, 1 << 20
  };
  private static final List<HopMode> SERVER_MODES =
      List.of(HopMode.INLINE, HopMode.FILE_MEMFD, HopMode.SHM);

  private final Console console;

  @Spec private CommandSpec spec;

  @Option(
      names = "--modes",
      split = ",",
      paramLabel = "LIST",
      description =
          "inline, inline-gzip, file-fd, file-memfd, shm, shm-fcntl, shm-lock (default: all)")
  private List<String> modes = List.of();

  @Option(names = "--state-size", paramLabel = "BYTES", description = "default: 112192")
  private int stateSize = 112_192;

  @Option(
      names = "--fds",
      paramLabel = "N",
      description = "descriptors with each, 0 to 3 (default: 2)")
  private int fds = 2;

  @Option(names = "--messages", paramLabel = "N", description = "per run (default: 1000000)")
  private int messages = 1_000_000;

  @Option(names = "--runs", paramLabel = "N", description = "of each mode (default: 10)")
  private int runs = 10;

  @Option(
      names = "--directory",
      paramLabel = "DIR",
      description = "where mode file-fd makes its files (default: the folder for temporary files)")
  private String directory = System.getProperty("java.io.tmpdir");

  @Option(
      names = "--recommend",
      description = "Measure the server's modes at several sizes and say which to use for which.")
  private boolean recommend;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  BenchHopCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    List<HopMode> chosen = checked();
    Progress progress =
        new Progress(console.err(), !json && Boolean.getBoolean("bouncer.terminal"));
    try (HopBench bench = new HopBench()) {
      if (recommend) {
        recommend(bench, progress);
      } else {
        List<HopBench.Row> rows =
            bench.measure(
                chosen, stateSize, fds, messages, runs, directory, d -> progress.done(d[0], d[1]));
        if (json) {
          printJson(rows);
        } else {
          print(rows);
        }
      }
    }
    return ExitCode.DONE;
  }

  private List<HopMode> checked() {
    if (stateSize < SessionState.BYTES || stateSize > MAX_STATE) {
      throw wrong("--state-size: " + SessionState.BYTES + " to " + MAX_STATE);
    }
    if (fds < 0 || fds > 3 || messages < 1 || runs < 1) {
      throw wrong("--fds is 0 to 3, --messages and --runs are at least 1");
    }
    if (modes.isEmpty()) {
      return HopMode.all();
    }
    List<HopMode> chosen = new ArrayList<>();
    for (String name : modes) {
      HopMode mode = HopMode.of(name.strip());
      if (mode == null) {
        throw wrong("--modes: there is no '" + name + "'");
      }
      chosen.add(mode);
    }
    return chosen;
  }

  private CommandLine.ParameterException wrong(String text) {
    return new CommandLine.ParameterException(spec.commandLine(), text);
  }

  private static double ratio(HopBench.Row row, List<HopBench.Row> rows) {
    for (HopBench.Row other : rows) {
      if (other.mode() == HopMode.INLINE) {
        return row.sum() / other.sum();
      }
    }
    return Double.NaN;
  }

  private double perMessage(double seconds) {
    return seconds * 1e6 / messages;
  }

  private void print(List<HopBench.Row> rows) {
    console
        .out()
        .printf(
            "%d messages of %d bytes with %d descriptors, medians of %d runs, CPU of both"
                + " processes%n%n",
            messages, stateSize, fds, runs);
    Table table =
        new Table(
            console,
            "MODE",
            ">USER s",
            ">SYSTEM s",
            ">SUM s",
            ">RATIO",
            ">CPU µs",
            ">WALL µs",
            ">HEAP B");
    for (HopBench.Row row : rows) {
      double ratio = ratio(row, rows);
      table.row(
          row.mode().text(),
          number("%.2f", row.user()),
          number("%.2f", row.system()),
          number("%.2f", row.sum()),
          Double.isNaN(ratio) ? "-" : number("%.2f", ratio),
          number("%.2f", perMessage(row.sum())),
          number("%.2f", perMessage(row.wall())),
          number("%.1f", row.allocated()));
    }
    table.print();
    console.out().println();
    console
        .out()
        .println(
            "CPU, WALL and HEAP are per message; HEAP is what both working threads allocated.");
    for (HopBench.Row row : rows) {
      int measured = row.mode().measured(messages);
      if (measured != messages) {
        console
            .out()
            .printf("%s: measured over %d messages, and scaled.%n", row.mode().text(), measured);
      }
    }
  }

  private static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }

  private void printJson(List<HopBench.Row> rows) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "{\"state_size\":%d,\"fds\":%d,\"messages\":%d,\"runs\":%d,\"modes\":{",
            stateSize,
            fds,
            messages,
            runs));
    String separator = "";
    for (HopBench.Row row : rows) {
      double ratio = ratio(row, rows);
      text.append(separator)
          .append(
              String.format(
                  Locale.ROOT,
                  "\"%s\":{\"user_s\":%.6f,\"system_s\":%.6f,\"sum_s\":%.6f,\"cpu_us\":%.3f,"
                      + "\"wall_us\":%.3f,\"ratio\":%s,\"heap_bytes\":%.1f}",
                  row.mode().text(),
                  row.user(),
                  row.system(),
                  row.sum(),
                  perMessage(row.sum()),
                  perMessage(row.wall()),
                  Double.isNaN(ratio) ? "null" : number("%.4f", ratio),
                  row.allocated()));
      separator = ",";
    }
    console.out().println(text.append("}}"));
  }

  private void recommend(HopBench bench, Progress progress) throws IOException {
    int perRun = Math.min(messages, 50_000);
    int rounds = Math.min(runs, 5);
    console
        .out()
        .printf("%d messages with %d descriptors, medians of %d runs%n%n", perRun, fds, rounds);
    Table table = new Table(console, ">STATE BYTES", ">inline µs", ">file-fd µs", ">shm µs", "USE");
    StringBuilder line = new StringBuilder();
    String last = "";
    int step = 0;
    for (int size : RECOMMENDED_SIZES) {
      List<HopBench.Row> rows =
          bench.measure(SERVER_MODES, size, fds, perRun, rounds, directory, d -> {});
      progress.done(++step, RECOMMENDED_SIZES.length);
      HopBench.Row best = rows.get(0);
      for (HopBench.Row row : rows) {
        best = row.sum() < best.sum() ? row : best;
      }
      String use = best.mode() == HopMode.FILE_MEMFD ? "file-fd" : best.mode().text();
      List<String> cells = new ArrayList<>();
      cells.add(Integer.toString(size));
      for (HopBench.Row row : rows) {
        cells.add(number("%.2f", row.sum() * 1e6 / perRun));
      }
      cells.add(use);
      table.row(cells.toArray(new String[0]));
      if (!use.equals(last)) {
        line.append(line.isEmpty() ? "" : ", ")
            .append(use)
            .append(" from ")
            .append(size)
            .append(" bytes");
        last = use;
      }
    }
    table.print();
    console.out().println();
    console.out().println("recommended state-transfer.mode: " + line);
  }
}
