package org.portbouncer.launcher.cli;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.launcher.view.Columns;

/**
 * Rows under headings, every column as wide as its widest cell. Names stand left, figures right.
 * Where the console has a width, columns are left out and names shortened to fit it; figures are
 * shown whole or not at all.
 */
final class Table {

  private static final int GAP = 2;

  /** Columns of the screen that a name keeps when it is shortened. */
  private static final int SHORT_NAME = 20;

  private final Console console;
  private final List<String> headings = new ArrayList<>();
  private final boolean[] right;
  private final List<String[]> rows = new ArrayList<>();
  private List<String> leftOut = List.of();

  /**
   * @param headings one for each column; a leading ">" aligns the column to the right
   */
  Table(Console console, String... headings) {
    this.console = console;
    this.right = new boolean[headings.length];
    for (int i = 0; i < headings.length; i++) {
      right[i] = headings[i].startsWith(">");
      this.headings.add(right[i] ? headings[i].substring(1) : headings[i]);
    }
  }

  /**
   * Says what is left out where there is no room for all.
   *
   * @param order headings, that of the first one to go first
   */
  Table leavingOut(String... order) {
    leftOut = List.of(order);
    if (!headings.containsAll(leftOut)) {
      throw new IllegalArgumentException(leftOut + " of " + headings);
    }
    return this;
  }

  void row(String... cells) {
    if (cells.length != headings.size()) {
      throw new IllegalArgumentException(
          cells.length + " cells under " + headings.size() + " headings");
    }
    rows.add(cells);
  }

  void print() {
    Columns.Column[] columns = new Columns.Column[headings.size()];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = column(i);
    }
    Columns fitting = new Columns(GAP, columns);
    rows.forEach(fitting::row);
    List<String> lines = fitting.lines(console.width());
    console.out().println(console.heading(lines.getFirst().stripTrailing()));
    lines.stream().skip(1).forEach(line -> console.out().println(line.stripTrailing()));
  }

  private Columns.Column column(int i) {
    String heading = headings.get(i);
    int widest = heading.length();
    for (String[] row : rows) {
      widest = Math.max(widest, row[i].length());
    }
    int least = right[i] ? widest : Math.min(widest, SHORT_NAME);
    int place = leftOut.indexOf(heading);
    int rank = place < 0 ? 0 : leftOut.size() - place;
    return new Columns.Column(heading, least, widest, right[i], rank);
  }
}
