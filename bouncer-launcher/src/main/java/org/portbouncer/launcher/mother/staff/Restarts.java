package org.portbouncer.launcher.mother.staff;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.spares.Spares;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a new process follow each that has ended, and waits longer each time for one that dies again
 * and again without having served. In the mother, on her loop's thread; what was counted, from any.
 */
public final class Restarts {

  private static final Logger LOG = LoggerFactory.getLogger(Restarts.class);

  /** A worker that lived this long, or served, is not one that dies again and again. */
  private static final long SETTLED_NANOS = 10_000_000_000L;

  /** As why a worker was started again, for `status`. */
  private static final String MOVED = "its sessions were moved";

  private final EventLoop loop;
  private final SharedArea area;
  private final Staff staff;
  private final Starter starter;
  private final Spares spares;

  /** Starts again, by stage; those of workers that are gone included. */
  private final AtomicLongArray counts = new AtomicLongArray(StageId.count());

  private boolean over;

  Restarts(Ground ground, Staff staff, Starter starter, Spares spares) {
    this.loop = ground.loop();
    this.area = ground.area();
    this.staff = staff;
    this.starter = starter;
    this.spares = spares;
  }

  /** How often workers of a stage were started again; from any thread. */
  public long of(StageId stage) {
    return counts.get(stage.ordinal());
  }

  /** The same of each stage. */
  public List<Long> all() {
    return Arrays.stream(StageId.values()).map(this::of).toList();
  }

  /** Goes on counting from there, by stage. */
  void inherit(List<Long> before) {
    for (StageId stage : StageId.values()) {
      counts.set(stage.ordinal(), before.get(stage.ordinal()));
    }
  }

  /** Nobody is started any more. */
  void end() {
    over = true;
  }

  /** A worker has ended that did so because its sessions were moved. */
  void moved(WorkerProcess worker) {
    follow(worker, true, MOVED);
  }

  /** A worker has died. */
  void died(WorkerProcess worker, Aftermath.Lost lost, String how) {
    long lived = loop.now() - worker.starts().startedAt();
    count(worker);
    follow(worker, lived > SETTLED_NANOS || served(worker, lost), how);
  }

  private void count(WorkerProcess worker) {
    worker.starts().countAgain();
    counts.incrementAndGet(worker.stage().ordinal());
  }

  /**
   * Whether it had done its part for any session: passed it on, ended it, or forwarded it when it
   * died. What ends a worker that has is not its start.
   */
  private boolean served(WorkerProcess worker, Aftermath.Lost lost) {
    long received = area.workers().get(worker.place(), WorkerBoard.Count.RECEIVED);
    return received - worker.starts().receivedBefore() > lost.inSetUp() || lost.resumed() > 0;
  }

  private void follow(WorkerProcess worker, boolean served, String why) {
    long pause = worker.starts().pauses().after(served);
    worker.throttled(loop.now() + pause, why);
    if (pause > 0) {
      LOG.warn(
          "worker {} dies again and again ({}); next start in {} ms",
          worker.name(),
          why,
          pause / 1_000_000);
      // What comes after it need not wait for it.
      spares.fill();
    }
    Timer timer =
        new Timer() {
          @Override
          protected void expired(long now) {
            start(worker);
          }
        };
    loop.timers().set(timer, loop.now() + pause);
  }

  private void start(WorkerProcess worker) {
    if (over || !staff.all().contains(worker)) {
      return;
    }
    try {
      starter.start(worker, spares.take(worker.stage()));
    } catch (StartException e) {
      LOG.error("{}", e.getMessage());
      count(worker);
      follow(worker, false, e.getMessage());
    }
  }
}
