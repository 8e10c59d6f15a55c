package org.portbouncer.launcher.mother.succession;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.launcher.admin.UpgradeView;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.portbouncer.launcher.mother.staff.Aftermath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The live sessions of a server that another one follows, on their way there. In the mother, on her
 * loop's thread.
 */
final class Departure {

  private static final Logger LOG = LoggerFactory.getLogger(Departure.class);

  private final SuccessorParts parts;
  private final Ground ground;
  private final int lastEpoch;

  /**
   * @param lastEpoch the number of the newest configuration that sessions began under here
   */
  Departure(SuccessorParts parts, int lastEpoch) {
    this.parts = parts;
    this.ground = parts.ground();
    this.lastEpoch = lastEpoch;
  }

  /** Has them go on there, in whoever reads these inboxes. */
  void begin(List<Inboxes.Inbox> inboxes) {
    parts.supervisor().hopSearch().ours(number -> number <= lastEpoch);
    parts.supervisor().handOver(inboxes);
  }

  /** Sessions that are this server's still. */
  int left() {
    SessionTable table = ground.table();
    Set<Integer> ours = new HashSet<>(Set.of(ground.pid()));
    parts.supervisor().workers().forEach(worker -> ours.add(worker.pid()));
    int[] left = new int[1];
    boolean[] unwanted = new boolean[1];
    ground
        .live()
        .each(
            record -> {
              if (table.epoch(record) <= lastEpoch
                  && (table.setupMicros(record) == 0 || ours.contains(table.owner(record)))) {
                left[0]++;
                unwanted[0] |= table.unwanted(record) != null;
              }
            });
    if (unwanted[0]) {
      // The operator asks the other server, which marks them; its workers do not have them.
      parts.supervisor().everyone().endUnwanted();
    }
    return left[0];
  }

  /** Whether none is between here and there. */
  boolean allArrived() {
    SessionTable table = ground.table();
    return parts.supervisor().aftermath().handedOver().stream()
        .noneMatch(
            one ->
                table.generation(one.record()) == one.generation()
                    && table.phase(one.record()) == SessionTable.Phase.QUEUED);
  }

  /**
   * How it went, which is logged as well.
   *
   * @param from the version of this server
   * @param to that of the other
   * @param pid of the other
   * @param left sessions that stay here until they end
   * @param why they stay; "" where there are none
   */
  UpgradeView view(String from, String to, int pid, int left, String why) {
    SessionTable table = ground.table();
    List<Aftermath.Resumed> moved = parts.supervisor().aftermath().handedOver();
    UpgradeView.StoodStill stoodStill =
        UpgradeView.StoodStill.of(
            moved.stream()
                .filter(one -> table.generation(one.record()) == one.generation())
                .mapToInt(one -> table.flow().stoodStillMicros(one.record()))
                .toArray());
    int lost = parts.supervisor().aftermath().lostOnHandover();
    LOG.info(
        "upgrade: sessions that go on there: {}, that ended: {}, that stay here until they end:"
            + " {}{}; they stood still for {} ms at most",
        moved.size(),
        lost,
        left,
        left == 0 ? "" : " (" + why + ")",
        stoodStill.most() / 1000);
    return new UpgradeView(from, to, pid, moved.size(), lost, left, why, stoodStill);
  }
}
