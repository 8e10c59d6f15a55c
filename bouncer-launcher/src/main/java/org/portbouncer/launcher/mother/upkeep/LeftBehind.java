package org.portbouncer.launcher.mother.upkeep;

import java.util.BitSet;
import java.util.List;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.staff.Staff;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts in order what the mother before this one has left in the memory of sessions when she has
 * gone: as a rule nothing but the places of her workers. Where she was killed, her workers go on
 * with what they hold; one that dies has nobody but this to end its sessions in the books. In the
 * mother, on her loop's thread.
 */
public final class LeftBehind extends Timer {

  private static final Logger LOG = LoggerFactory.getLogger(LeftBehind.class);

  private static final long PERIOD_NANOS = 500_000_000;

  private final Ground ground;
  private final Staff staff;
  private final int lastEpoch;
  private final List<List<Integer>> places;
  private final BitSet freed = new BitSet();

  /**
   * @param lastEpoch the last configuration of hers
   * @param places by stage, of her workers
   */
  public LeftBehind(Ground ground, Staff staff, int lastEpoch, List<List<Integer>> places) {
    this.ground = ground;
    this.staff = staff;
    this.lastEpoch = lastEpoch;
    this.places = places;
  }

  public void start() {
    ground.loop().timers().set(this, ground.loop().now());
  }

  @Override
  protected void expired(long now) {
    boolean more = freePlaces();
    SessionTable table = ground.table();
    int[] ended = new int[1];
    int[] others = new int[1];
    ground
        .live()
        .each(
            record -> {
              int owner = table.owner(record);
              if (table.epoch(record) > lastEpoch || owner == 0 || isOurs(owner)) {
                return;
              }
              if (isAlive(owner)) {
                others[0]++;
              } else {
                boolean setUp = table.setupMicros(record) > 0;
                Term term = setUp ? Term.INTERNAL_DATA : Term.INTERNAL_SETUP;
                ended[0] += ground.ends().endOf(record, owner, Result.ERROR, term, now) ? 1 : 0;
              }
            });
    if (ended[0] > 0) {
      LOG.error("sessions lost with a worker of the server before: {}", ended[0]);
    }
    if (more || others[0] > 0) {
      ground.loop().timers().set(this, now + PERIOD_NANOS);
    }
  }

  private boolean isOurs(int pid) {
    return pid == ground.pid() || staff.isWorker(pid);
  }

  private static boolean isAlive(int pid) {
    return Libc.kill(pid, 0) != -Errno.ESRCH;
  }

  /** Whether some are still to be freed. */
  private boolean freePlaces() {
    boolean more = false;
    for (StageId stage : StageId.values()) {
      for (int place : places.get(stage.ordinal())) {
        if (freed.get(place)) {
          continue;
        }
        int pid = ground.area().workers().pid(place);
        if (pid == 0 || !isAlive(pid)) {
          freed.set(place);
          ground.area().workers().sessions(place, 0);
          ground.area().workers().leave(place);
          staff.free(stage, place);
        } else {
          more = true;
        }
      }
    }
    return more;
  }
}
