package org.portbouncer.launcher.top;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.portbouncer.launcher.screen.Style;
import org.portbouncer.launcher.view.Columns;
import org.portbouncer.launcher.view.Columns.Column;
import org.portbouncer.launcher.view.MemberText.Trouble;
import org.portbouncer.launcher.view.Units;

/** The members of groups of targets as a table. */
final class MemberTable {

  private static final int GAP = 1;

  private MemberTable() {}

  /**
   * The table, and how each of its rows is shown.
   *
   * @param heading of the column with names
   */
  static Columns of(List<Model.MemberRow> members, String heading, List<Style> styles) {
    boolean failing = members.stream().anyMatch(row -> !row.lastError().equals("-"));
    boolean checked = members.stream().anyMatch(row -> !row.lastCheck().equals("-"));
    Columns table =
        new Columns(
            GAP,
            new Column(heading, 16, 40, false, 0),
            new Column("STATE", 7, 7, false, 0),
            new Column("FOR", 6, 6, true, 2),
            new Column("SESSIONS", 8, 11, true, 1),
            new Column("NEW/S", 7, 9, true, 4),
            new Column("FAILED", 6, 9, true, 3),
            new Column("LAST FAILURE", failing ? 22 : 12, 50, false, failing ? 3 : 9),
            new Column("ADDRESS", 15, 30, false, 5),
            new Column("WEIGHT", 6, 6, true, 7),
            new Column("LAST CHECK", checked ? 14 : 10, 40, false, 6));
    for (Model.MemberRow row : members) {
      table.row(
          row.group() + "/" + row.name(),
          row.state(),
          Units.millis(row.inStateMs()),
          row.sessions(),
          String.format(Locale.ROOT, "%.1f", row.rate()),
          Long.toString(row.failed()),
          row.lastError(),
          row.address(),
          row.weight(),
          row.lastCheck());
      styles.add(style(row.trouble()));
    }
    return table;
  }

  private static Style style(Trouble trouble) {
    return switch (trouble) {
      case LOST -> Style.BAD;
      case FAILING, TAKEN_OUT -> Style.WARN;
      case NONE -> Style.PLAIN;
    };
  }

  /** "198 of 200 up". */
  static String up(List<Model.MemberRow> members) {
    List<Model.MemberRow> up = new ArrayList<>(members);
    up.removeIf(row -> !row.state().equals("up"));
    return up.size() + " of " + members.size() + " up";
  }
}
