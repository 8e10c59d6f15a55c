package org.portbouncer.launcher.top;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jline.utils.AttributedString;
import org.portbouncer.launcher.screen.ScreenLine;
import org.portbouncer.launcher.screen.Style;
import org.portbouncer.launcher.view.Columns;
import org.portbouncer.launcher.view.Columns.Column;
import org.portbouncer.launcher.view.Units;

/**
 * Draws {@code top}: what is to be shown becomes the lines of the screen, as many as it is high,
 * and nothing else happens.
 */
final class Drawing {

  private static final int WIDEST = 60;

  /** Blanks between two columns. */
  private static final int GAP = 1;

  /** What a listener's figures take, and what its last failure and the time of that may take. */
  private static final int LISTENER_FIGURES = 57;

  private static final int LAST_FAILURE = 67;

  /** From this width on the last failure has room beside the graph. */
  private static final int WITH_BOTH = 87;

  /** Wider than any screen: a column that is not shown. */
  private static final int NEVER = 1 << 20;

  /** Lines that tell why the server is not ready. */
  private static final int REASONS = 4;

  /** What a worker is written in, so that two stand side by side on 80 columns. */
  private static final int WORKER = 39;

  private final int width;
  private final int height;
  private final boolean colour;
  private final boolean unicode;
  private final List<AttributedString> lines = new ArrayList<>();
  private int sessionRows;

  /**
   * @param width columns of the screen
   * @param height its rows
   * @param colour whether there is colour
   * @param unicode whether there are block characters
   */
  Drawing(int width, int height, boolean colour, boolean unicode) {
    this.width = width;
    this.height = height;
    this.colour = colour;
    this.unicode = unicode;
  }

  /** The lines of the screen. */
  List<AttributedString> draw(Model model, View view) {
    if (view.help()) {
      for (String text : Texts.HELP) {
        lines.add(line().add(text).done());
      }
      return lines.subList(0, Math.min(height, lines.size()));
    }
    title(model, view);
    totals(model.all());
    if (view.targets()) {
      allMembers(model.members(), view, height - 2 - lines.size());
    } else {
      sections(model, view);
    }
    while (lines.size() < height - 1) {
      lines.add(AttributedString.EMPTY);
    }
    List<AttributedString> fitting = new ArrayList<>(lines.subList(0, Math.max(0, height - 1)));
    fitting.add(footer(model, view));
    return fitting;
  }

  /** Sessions that there was room for; after {@link #draw}. */
  int sessionRows() {
    return Math.max(1, sessionRows);
  }

  private ScreenLine line() {
    return new ScreenLine(width, colour);
  }

  // The top.

  private void title(Model model, View view) {
    Model.Server server = model.server();
    ScreenLine line =
        line()
            .add(Style.HEADING, "bouncer " + server.version())
            .add("  pid " + server.pid() + "  ");
    if (view.trouble().isEmpty()) {
      line.add(ofState(server.state()), server.state());
      line.add("  up " + Units.millis(server.uptimeMs()) + "  epoch " + server.epoch());
      line.add("  " + server.active() + " of " + server.mostSessions() + " sessions");
    } else {
      line.add(Style.BAD, "no answer, trying again: " + view.trouble());
    }
    lines.add(line.done());
    List<String> reasons = server.reasons();
    for (String reason : reasons.subList(0, Math.min(REASONS, reasons.size()))) {
      lines.add(line().add(ofState(server.state()), reason).done());
    }
  }

  private static Style ofState(String state) {
    return switch (state) {
      case "ready" -> Style.GOOD;
      case "down" -> Style.BAD;
      default -> Style.WARN;
    };
  }

  private void totals(Model.Traffic all) {
    String[] names = {
      String.format(Locale.ROOT, "new %.1f/s ", all.now().sessions()),
      "up " + rate(all.now().up()) + "/s ",
      "down " + rate(all.now().down()) + "/s "
    };
    double[][] values = {all.sessions(), all.up(), all.down()};
    int graph = (width - 2 * 2 - names[0].length() - names[1].length() - names[2].length()) / 3;
    ScreenLine line = line();
    for (int i = 0; i < names.length; i++) {
      line.add(i == 0 ? "" : "  ").add(names[i]);
      line.add(Style.GRAPH, Spark.of(values[i], Math.clamp(graph, 0, WIDEST), unicode));
    }
    lines.add(line.done());
  }

  // The tables: each gets its part of the rows, and sessions what is left.

  private void sections(Model model, View view) {
    int perLine = Math.max(1, (width + 2) / (WORKER + 2));
    int workerLines = (model.workers().size() + perLine - 1) / perLine;
    boolean classes = !model.classes().isEmpty();
    boolean members = !model.members().isEmpty();
    int body = height - 1 - lines.size() - 3 - (classes ? 1 : 0) - (members ? 1 : 0) - 1;
    int forWorkers = Math.min(workerLines, Math.max(1, body / 3));
    int forClasses = Math.min(model.classes().size(), Math.max(1, body / 7));
    int forMembers = Math.min(model.members().size(), Math.max(1, body / 5));
    int left = body - forWorkers - forClasses - forMembers;
    int wanted = Math.min(model.sessions().size(), left / 2);
    int forListeners = Math.min(model.listeners().size(), Math.max(1, left - Math.max(5, wanted)));
    listeners(model.listeners(), forListeners);
    if (members) {
      members(model.members(), forMembers);
    }
    workers(model.workers(), forWorkers * perLine, perLine);
    if (classes) {
      classes(model.classes(), forClasses);
    }
    sessions(model, view, left - forListeners);
  }

  private void heading(String text) {
    lines.add(line().add(Style.HEADING, text).done());
  }

  private void listeners(List<Model.ListenerRow> listeners, int rows) {
    List<Model.ListenerRow> shown = listeners.subList(0, Math.min(rows, listeners.size()));
    boolean failing = shown.stream().anyMatch(Model.ListenerRow::failing);
    boolean failures = shown.stream().anyMatch(row -> !row.lastError().isEmpty());
    boolean both = failures && width >= WITH_BOTH;
    int graph = Math.clamp(width - LISTENER_FIGURES - (both ? LAST_FAILURE : 0), 11, WIDEST);
    Columns table =
        new Columns(
            GAP,
            new Column(more("LISTENER", listeners.size(), rows), 12, 24, false, 0),
            new Column("ACTIVE", 6, 7, true, 1),
            new Column("NEW/S", 7, 9, true, 2),
            new Column("UP/S", 10, 10, true, 2),
            new Column("DOWN/S", 10, 10, true, 2),
            new Column("LAST MINUTE", graph, WIDEST, false, failing ? 5 : 4),
            new Column("FAILED", 6, 9, true, 3),
            new Column("LAST FAILURE", failing || both ? 18 : NEVER, 40, false, failing ? 4 : 5),
            new Column("LAST FAILED AT", both ? 24 : NEVER, 24, false, 6));
    List<Style> styles = new ArrayList<>();
    for (Model.ListenerRow row : shown) {
      PerSecond now = row.traffic().now();
      table.row(
          row.name(),
          Long.toString(row.active()),
          String.format(Locale.ROOT, "%.1f", now.sessions()),
          rate(now.up()),
          rate(now.down()),
          Spark.of(row.traffic().bytes(), graph, unicode),
          Long.toString(row.failed()),
          row.lastError(),
          row.lastFailed());
      styles.add(row.failing() ? Style.WARN : Style.PLAIN);
    }
    table(table, styles);
  }

  /** The heading says how many there was no room for. */
  private static String more(String heading, int all, int shown) {
    return all <= shown ? heading : heading + " +" + (all - shown);
  }

  private void members(List<Model.MemberRow> members, int rows) {
    List<Style> styles = new ArrayList<>();
    String heading = more("TARGET", members.size(), rows);
    table(
        MemberTable.of(members.subList(0, Math.min(rows, members.size())), heading, styles),
        styles);
  }

  /** In place of everything else; sessionRows is then how many members there was room for. */
  private void allMembers(List<Model.MemberRow> members, View view, int room) {
    sessionRows = Math.max(1, room - 1);
    int first = Math.clamp(view.firstTarget(), 0, Math.max(0, members.size() - sessionRows));
    int end = Math.min(members.size(), first + sessionRows);
    ScreenLine title = line().add(Style.HEADING, "TARGETS: " + MemberTable.up(members));
    if (end - first < members.size()) {
      title.add(", " + (first + 1) + " to " + end + " shown");
    }
    lines.add(title.done());
    List<Style> styles = new ArrayList<>();
    table(MemberTable.of(members.subList(first, end), "TARGET", styles), styles);
  }

  private void workers(List<Model.WorkerRow> workers, int most, int perLine) {
    String heading = more("WORKER", workers.size(), most);
    ScreenLine headings = line();
    for (int i = 0; i < Math.min(perLine, workers.size()); i++) {
      headings
          .to(i * (WORKER + 2))
          .add(
              Style.HEADING,
              String.format("%-13s%9s%6s%11s", heading, "SESSIONS", "CPU", "MEMORY"));
      heading = "WORKER";
    }
    lines.add(headings.done());
    ScreenLine line = line();
    int count = Math.min(most, workers.size());
    for (int i = 0; i < count; i++) {
      line.to(i % perLine * (WORKER + 2));
      worker(line, workers.get(i));
      if (i % perLine == perLine - 1 || i == count - 1) {
        lines.add(line.done());
        line = line();
      }
    }
  }

  /** One that serves shows figures; one that does not, says so. */
  private static void worker(ScreenLine line, Model.WorkerRow worker) {
    line.add(String.format("%-13.13s%9d", worker.name(), worker.sessions()));
    if (worker.state().equals("ready")) {
      line.add(
          String.format(
              Locale.ROOT, "%5.0f%%%11s", 100 * worker.cpu(), Units.bytes(worker.rssBytes())));
    } else {
      Style style = worker.state().equals("throttled") ? Style.BAD : Style.WARN;
      line.add(style, String.format("%17s", worker.state()));
    }
  }

  private void classes(List<Model.ClassRow> classes, int rows) {
    Columns table =
        new Columns(
            GAP,
            new Column(more("BANDWIDTH", classes.size(), rows), 14, 24, false, 0),
            new Column("UP/S", 10, 10, true, 1),
            new Column("DOWN/S", 10, 10, true, 1),
            new Column("MOST UP", 12, 12, true, 3),
            new Column("MOST DOWN", 12, 12, true, 3),
            new Column("SHARED BY", 9, 9, false, 4),
            new Column("SESSIONS", 8, 8, true, 1),
            new Column("WAITING", 8, 8, true, 1));
    List<Style> styles = new ArrayList<>();
    for (Model.ClassRow row : classes.subList(0, Math.min(rows, classes.size()))) {
      table.row(
          row.name(),
          rate(row.upRate()),
          rate(row.downRate()),
          Units.rate(row.up()),
          Units.rate(row.down()),
          row.sharedBy(),
          Long.toString(row.sessions()),
          String.format(Locale.ROOT, "%.1f", row.waiting()));
      styles.add(row.waiting() > 0 ? Style.WARN : Style.PLAIN);
    }
    table(table, styles);
  }

  private void table(Columns table, List<Style> styles) {
    List<String> texts = table.lines(width);
    heading(texts.getFirst());
    for (int i = 1; i < texts.size(); i++) {
      Style style = i <= styles.size() ? styles.get(i - 1) : Style.PLAIN;
      lines.add(line().add(style, texts.get(i)).done());
    }
  }

  private void sessions(Model model, View view, int rows) {
    ScreenLine title = line().add(Style.HEADING, "SESSIONS by " + view.order().text());
    if (!view.filter().isEmpty()) {
      title.add(", with '" + view.filter() + "'");
    }
    lines.add(title.add(": " + model.matching() + " of " + model.total()).done());
    sessionRows = Math.max(0, rows);
    int first = Math.clamp(view.row() - sessionRows + 1L, 0, Math.max(0, model.sessions().size()));
    Columns table =
        new Columns(
            GAP,
            new Column("ID", 7, 12, true, 0),
            new Column("LISTENER", 10, 20, false, 1),
            new Column("CLIENT", 19, 47, false, 0),
            new Column("STATE", 10, 16, false, 4),
            new Column("AGE", 6, 6, true, 3),
            new Column("IDLE", 6, 6, true, 2),
            new Column("UP/S", 10, 10, true, 0),
            new Column("DOWN/S", 10, 10, true, 0),
            new Column("BYTES", 10, 10, true, 5),
            new Column("TARGET", 14, 40, false, 6),
            new Column("RULE", 10, 30, false, 7));
    List<Model.SessionRow> shown =
        model.sessions().subList(first, Math.min(model.sessions().size(), first + sessionRows));
    List<Style> styles = new ArrayList<>();
    for (Model.SessionRow row : shown) {
      table.row(
          Long.toString(row.id()),
          row.listener(),
          row.client(),
          row.state(),
          Units.millis(row.ageMs()),
          Units.millis(row.idleMs()),
          Units.bytes(row.upRate()),
          Units.bytes(row.downRate()),
          Units.bytes(row.bytesUp() + row.bytesDown()),
          row.target(),
          row.rule());
      styles.add(row.id() == view.selected() ? Style.SELECTED : Style.PLAIN);
    }
    table(table, styles);
  }

  private static String rate(double bytes) {
    return Units.bytes(Math.round(bytes));
  }

  // The bottom.

  private AttributedString footer(Model model, View view) {
    if (view.asked() != View.NOBODY) {
      return line().add(Style.BAD, question(model, view.asked())).done();
    }
    if (view.typing()) {
      return line()
          .add("filter: " + view.filter())
          .add(Style.SELECTED, " ")
          .add(Style.SOFT, "  Enter keeps it, Escape takes it away")
          .done();
    }
    if (!view.message().isEmpty()) {
      return line().add(Style.HEADING, view.message()).done();
    }
    return line().add(Texts.keys(view.targets(), !model.members().isEmpty())).done();
  }

  private static String question(Model model, long id) {
    String client =
        model.sessions().stream()
            .filter(session -> session.id() == id)
            .findFirst()
            .map(session -> " of " + session.client())
            .orElse("");
    return "kill session " + id + client + "? y/n";
  }
}
