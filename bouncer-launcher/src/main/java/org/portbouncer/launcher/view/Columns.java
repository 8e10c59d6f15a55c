package org.portbouncer.launcher.view;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A table that fits a width: columns that matter less are left out where there is no room for all,
 * and what room is over goes to the cells that need it.
 */
public final class Columns {

  /**
   * A column.
   *
   * @param least columns of the screen that it needs
   * @param most columns of the screen that it can use
   * @param right whether cells stand at its right edge
   * @param rank the greater, the sooner it is left out
   */
  public record Column(String heading, int least, int most, boolean right, int rank) {}

  private final int gap;
  private final Column[] columns;
  private final List<String[]> rows = new ArrayList<>();
  private final String[] headings;

  /**
   * @param gap blanks between two columns
   */
  public Columns(int gap, Column... columns) {
    this.gap = gap;
    this.columns = columns;
    headings = Arrays.stream(columns).map(Column::heading).toArray(String[]::new);
  }

  /** Adds a row, with a cell for each column. */
  public void row(String... cells) {
    if (cells.length != columns.length) {
      throw new IllegalArgumentException(
          cells.length + " cells for " + columns.length + " columns");
    }
    rows.add(cells);
  }

  /**
   * The headings, then a line for each row.
   *
   * @param width columns of the screen
   */
  public List<String> lines(int width) {
    int[] widths = widths(width);
    List<String> lines = new ArrayList<>();
    lines.add(line(headings, widths));
    rows.forEach(row -> lines.add(line(row, widths)));
    return lines;
  }

  /** How wide each column is; 0 for one that is left out. */
  private int[] widths(int width) {
    int[] widths = new int[columns.length];
    int left = width + gap;
    Integer[] order = new Integer[columns.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Integer.compare(columns[a].rank(), columns[b].rank()));
    for (int i : order) {
      if (left < columns[i].least() + gap) {
        break;
      }
      widths[i] = columns[i].least();
      left -= columns[i].least() + gap;
    }
    for (int i : order) {
      if (widths[i] > 0) {
        int wanted = Math.min(columns[i].most(), widest(i));
        int more = Math.clamp(wanted - widths[i], 0, left);
        widths[i] += more;
        left -= more;
      }
    }
    return widths;
  }

  private int widest(int column) {
    int widest = headings[column].length();
    for (String[] row : rows) {
      widest = Math.max(widest, row[column].length());
    }
    return widest;
  }

  private String line(String[] cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < cells.length; i++) {
      if (widths[i] == 0) {
        continue;
      }
      String cell = cut(cells[i], widths[i]);
      String padding = " ".repeat(widths[i] - cell.length());
      line.append(line.isEmpty() ? "" : " ".repeat(gap));
      line.append(columns[i].right() ? padding + cell : cell + padding);
    }
    return line.toString();
  }

  /** Names and addresses differ at their ends, too, and lose their middle; a sentence its end. */
  private static String cut(String cell, int width) {
    if (cell.length() <= width) {
      return cell;
    }
    int tail = cell.indexOf(' ') < 0 ? (width - 1) / 2 : 0;
    return cell.substring(0, width - 1 - tail) + "~" + cell.substring(cell.length() - tail);
  }
}
