package org.portbouncer.launcher.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows under headings, every column as wide as its widest cell. Names stand left, figures right.
 */
final class Table {

  private static final String GAP = "  ";

  private final Console console;
  private final String[] headings;
  private final boolean[] right;
  private final List<String[]> rows = new ArrayList<>();

  /**
   * @param headings one for each column; a leading ">" aligns the column to the right
   */
  Table(Console console, String... headings) {
    this.console = console;
    this.headings = new String[headings.length];
    this.right = new boolean[headings.length];
    for (int i = 0; i < headings.length; i++) {
      right[i] = headings[i].startsWith(">");
      this.headings[i] = right[i] ? headings[i].substring(1) : headings[i];
    }
  }

  void row(String... cells) {
    if (cells.length != headings.length) {
      throw new IllegalArgumentException(
          cells.length + " cells under " + headings.length + " headings");
    }
    rows.add(cells);
  }

  void print() {
    int[] widths = new int[headings.length];
    widen(widths, headings);
    rows.forEach(row -> widen(widths, row));
    console.out().println(console.heading(line(widths, headings)));
    for (String[] row : rows) {
      console.out().println(line(widths, row));
    }
  }

  private String line(int[] widths, String[] cells) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < cells.length; i++) {
      String padding = " ".repeat(widths[i] - cells[i].length());
      line.append(i == 0 ? "" : GAP);
      line.append(right[i] ? padding + cells[i] : cells[i] + padding);
    }
    return line.toString().stripTrailing();
  }

  private static void widen(int[] widths, String[] cells) {
    Arrays.setAll(widths, i -> Math.max(widths[i], cells[i].length()));
  }
}
