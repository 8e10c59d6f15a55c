package org.portbouncer.launcher.mother.staff;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.worker.SessionEnd;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.rescue.Resumption;

/**
 * What becomes of the sessions of a worker that has ended: those that it was forwarding go on in
 * others, all else ends. In the mother, on her loop's thread.
 */
public final class Aftermath {

  /**
   * Sessions that ended with a worker, those of them that were still being set up, and those that
   * go on without it.
   */
  record Lost(int all, int inSetUp, int resumed) {}

  /**
   * A session that goes on elsewhere.
   *
   * @param generation of its record
   */
  public record Resumed(int record, int generation) {}

  private final Ground ground;
  private final Staff staff;
  private final Resumption resumption;
  private final Heirs heirs;

  /** Those that another server goes on with. */
  private final List<Resumed> handedOver = new ArrayList<>();

  private int lostOnHandover;

  Aftermath(Ground ground, Staff staff, Heirs heirs) {
    this.ground = ground;
    this.staff = staff;
    this.heirs = heirs;
    this.resumption = new Resumption(ground);
  }

  /** The sessions that went to another server so far. */
  public List<Resumed> handedOver() {
    return handedOver;
  }

  /** Sessions that ended because they could not. */
  public int lostOnHandover() {
    return lostOnHandover;
  }

  /**
   * Has the sessions that a dead worker was forwarding go on in others, and ends in the books all
   * else that it held; the descriptors of those went with it.
   */
  Lost release(WorkerProcess worker) {
    long stopped = ground.area().workers().stopped(worker.place());
    resumption.begin(
        worker.keeper(),
        worker.pid(),
        stopped == 0 ? System.nanoTime() : stopped,
        heirs.of(worker));
    Release release = new Release(worker.pid(), !staff.successors().isEmpty());
    ground.live().everUsed(release);
    resumption.end();
    lostOnHandover += release.elsewhere ? release.lost : 0;
    return new Lost(release.lost, release.inSetUp, release.resumed);
  }

  /** Goes over all that a dead worker may have left. */
  private final class Release implements IntConsumer {
    private final SessionTable table = ground.table();
    private final int dead;
    private final boolean elsewhere;
    private int lost;
    private int inSetUp;
    private int resumed;

    Release(int dead, boolean elsewhere) {
      this.dead = dead;
      this.elsewhere = elsewhere;
    }

    @Override
    public void accept(int record) {
      if (table.phase(record) == SessionTable.Phase.FREE) {
        table.reclaim(record, dead);
      } else if (table.owner(record) == dead) {
        boolean setUp = table.setupMicros(record) > 0;
        Term term = setUp ? Term.INTERNAL_DATA : Term.INTERNAL_SETUP;
        int generation = table.generation(record);
        if (resumption.resume(record)) {
          resumed++;
          if (elsewhere) {
            handedOver.add(new Resumed(record, generation));
          }
        } else if (end(record, term)) {
          lost++;
          inSetUp += setUp ? 0 : 1;
        }
      }
    }

    /** Whether the session was lost with the worker. */
    private boolean end(int record, Term term) {
      SessionEnd ends = ground.ends();
      long now = ground.loop().now();
      if (table.phase(record) == SessionTable.Phase.HELD) {
        Cause cause = resumption.reset(record);
        return ends.end(record, table.generation(record), Result.ERROR, term, cause, now);
      }
      return ends.endOf(record, dead, Result.ERROR, term, now);
    }
  }
}
