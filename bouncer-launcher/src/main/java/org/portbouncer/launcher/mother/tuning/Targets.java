package org.portbouncer.launcher.mother.tuning;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Nearest;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.shared.ListenerErrors;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.core.shared.TargetBoard.Ahead;
import org.portbouncer.core.shared.TargetBoard.Outcome;
import org.portbouncer.core.shared.TargetChecks;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.admin.RefusedException;
import org.portbouncer.launcher.figures.Counts;
import org.portbouncer.launcher.figures.MemberView;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.staff.AllWorkers;
import org.portbouncer.launcher.state.LastError;

/**
 * The groups of targets as people and programs see them, and what the operator says of their
 * members. In the mother, from any thread: all of it is on the {@link TargetBoard}.
 */
public final class Targets {

  private final Ground ground;
  private final InForce inForce;
  private final AllWorkers workers;
  private final TargetBoard board;

  public Targets(Ground ground, InForce inForce, AllWorkers workers) {
    this.ground = ground;
    this.inForce = inForce;
    this.workers = workers;
    this.board = ground.area().targets();
  }

  /** Every member of the configuration in force. */
  public List<MemberView> members() {
    Epoch epoch = inForce.epoch();
    long now = System.nanoTime();
    List<MemberView> all = new ArrayList<>();
    List<TargetGroup> groups = epoch.configuration().targets();
    for (int i = 0; i < groups.size(); i++) {
      int[] places = epoch.places().targets()[i];
      for (int j = 0; j < places.length; j++) {
        all.add(member(groups.get(i), groups.get(i).members().get(j), places[j], now));
      }
    }
    return all;
  }

  private MemberView member(TargetGroup group, TargetGroup.Member member, int place, long now) {
    return new MemberView(
        group.name(),
        group.balance().text(),
        member.name(),
        member.address().text(),
        member.weight(),
        member.backup(),
        member.maxSessions(),
        board.state(place, now),
        board.sinceMs(place, now),
        board.active(place),
        Counts.read(Outcome.values(), outcome -> board.connects(place, outcome)),
        board.checks().count(place, true),
        board.checks().count(place, false),
        Counts.read(Ahead.values(), what -> board.aheads(place, what)),
        lastCheck(board.checks().last(place)),
        lastError(board.error(place)));
  }

  private static MemberView.LastCheck lastCheck(TargetChecks.LastCheck check) {
    if (check == null) {
      return null;
    }
    String what = check.ok() ? "ok" : check.cause().text(check.errno());
    return new MemberView.LastCheck(check.ok(), what, check.atMs());
  }

  private static LastError lastError(ListenerErrors.Seen error) {
    return error == null
        ? null
        : new LastError(
            error.cause().text(error.errno()), error.firstMs(), error.lastMs(), error.count());
  }

  /** What is wrong with a group: that none of its members is up. Empty where one is. */
  public String trouble(TargetGroup group, int[] places, long now) {
    StringBuilder away = new StringBuilder();
    for (int i = 0; i < places.length; i++) {
      if (board.isUp(places[i], now)) {
        return "";
      }
      away.append(away.isEmpty() ? "" : ", ").append(group.members().get(i).name()).append(' ');
      away.append(board.state(places[i], now));
    }
    return "no member is up: " + away;
  }

  /** Ends the sessions of members that checks have found down, where their group says so. */
  public void endOnDown() {
    Epoch epoch = inForce.epoch();
    List<TargetGroup> groups = epoch.configuration().targets();
    BitSet down = new BitSet();
    for (int i = 0; i < groups.size(); i++) {
      for (int place : epoch.places().targets()[i]) {
        if (groups.get(i).endOnDown() && board.isDown(place) && board.active(place) > 0) {
          down.set(place);
        }
      }
    }
    if (down.isEmpty()) {
      return;
    }
    SessionTable table = ground.table();
    BitSet ended = new BitSet();
    ground
        .live()
        .each(
            record -> {
              int generation = table.generation(record);
              int place = table.route().place(record);
              // Of a group whose members are all down one may be tried all the same: that session
              // is let be.
              if (place >= 0
                  && down.get(place)
                  && table.setupMicros(record) > 0
                  && table.requestEndOfMember(record, generation)) {
                ended.set(record);
              }
            });
    if (!ended.isEmpty()) {
      workers.endUnwanted();
    }
  }

  /**
   * Notes what the operator says.
   *
   * @param which GROUP or GROUP/MEMBER
   * @return how many members it was said of
   * @throws RefusedException where there is none of that name
   */
  public int say(TargetBoard.Mode mode, String which) throws RefusedException {
    Epoch epoch = inForce.epoch();
    Configuration configuration = epoch.configuration();
    int slash = which.lastIndexOf('/');
    String groupName = slash < 0 ? which : which.substring(0, slash);
    String memberName = slash < 0 ? "" : which.substring(slash + 1);
    List<String> names = configuration.targets().stream().map(TargetGroup::name).toList();
    int index = names.indexOf(groupName);
    if (index < 0) {
      throw new RefusedException("no group '" + groupName + "'" + Nearest.hint(groupName, names));
    }
    List<String> members =
        configuration.targets().get(index).members().stream()
            .map(TargetGroup.Member::name)
            .toList();
    int said = 0;
    for (int i = 0; i < members.size(); i++) {
      if (memberName.isEmpty() || members.get(i).equals(memberName)) {
        board.mode(epoch.places().targets()[index][i], mode, System.nanoTime());
        said++;
      }
    }
    if (said == 0) {
      throw new RefusedException(
          "group '"
              + groupName
              + "' has no member '"
              + memberName
              + "'"
              + Nearest.hint(memberName, members));
    }
    return said;
  }
}
