package org.portbouncer.launcher.top;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.launcher.view.Answer;
import org.portbouncer.launcher.view.MemberText;

/** Makes rows of what one snapshot after the other says of the members of groups of targets. */
final class Members {

  private Map<String, Answer> before = Map.of();

  /**
   * Those first that somebody has to look after; in the order of the file else, so that none jumps.
   *
   * @param seconds since the last one; 0 where there was none
   */
  List<Model.MemberRow> add(Snapshot now, double seconds) {
    Map<String, Answer> here = new HashMap<>();
    List<Model.MemberRow> rows = new ArrayList<>();
    for (Answer answer : now.members()) {
      String key =
          String.join("\n", answer.text("group"), answer.text("member"), answer.text("address"));
      Answer connects = answer.object("connects");
      here.put(key, connects);
      rows.add(row(new MemberText(answer, now.wallMs()), rate(connects, before.get(key), seconds)));
    }
    before = here;
    rows.sort(Comparator.comparing(Model.MemberRow::trouble));
    return rows;
  }

  /** Another server: what the one before had counted says nothing of it. */
  void clear() {
    before = Map.of();
  }

  private static double rate(Answer connects, Answer earlier, double seconds) {
    return earlier == null ? 0 : LastMinute.rate(connects, earlier, "ok", seconds);
  }

  private static Model.MemberRow row(MemberText member, double rate) {
    Answer answer = member.answer();
    return new Model.MemberRow(
        answer.text("group"),
        member.name(),
        answer.text("address"),
        answer.text("state"),
        member.trouble(),
        member.inStateMs(),
        answer.text("weight"),
        member.sessions(),
        rate,
        member.failed(),
        member.lastCheck(),
        member.lastError());
  }
}
