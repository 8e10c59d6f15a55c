package org.portbouncer.launcher.mother.staff;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.sys.ProcessState;
import org.portbouncer.core.worker.Worker;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.machine.ProcessorTime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the workers' heartbeats and ends one whose loop does not turn any more; it is replaced
 * as any other that died. In the mother, on her loop's thread.
 *
 * <p>Silence is counted in looks that came on time, not by the clock: while the mother herself was
 * stopped (a suspended machine, a frozen group, no processor to be had) nothing can be said of
 * others.
 */
public final class HangWatch extends Timer {

  private static final Logger LOG = LoggerFactory.getLogger(HangWatch.class);

  private static final long PERIOD_NANOS = Worker.HEARTBEAT_NANOS;

  /** A look that comes later than this says more of the mother than of her workers. */
  private static final long ON_TIME_NANOS = PERIOD_NANOS * 3 / 2;

  /** Looks without a heartbeat, 5 s of them. */
  private static final int SILENT = 10;

  /** The same for one that has yet to start: a JVM on a busy machine takes its time. */
  private static final int SILENT_AT_START = 60;

  private final EventLoop loop;
  private final WorkerBoard board;
  private final Supervisor supervisor;
  private final int[] pids = new int[WorkerBoard.PLACES];
  private final long[] beats = new long[WorkerBoard.PLACES];
  private final int[] silence = new int[WorkerBoard.PLACES];

  /** Of the loop of one that is silent, since half of the time it may be. */
  private final ProcessorTime[] times = new ProcessorTime[WorkerBoard.PLACES];

  private long last;

  public HangWatch(Ground ground, Supervisor supervisor) {
    this.loop = ground.loop();
    this.board = ground.area().workers();
    this.supervisor = supervisor;
  }

  public void start() {
    last = loop.now();
    loop.timers().set(this, last + PERIOD_NANOS);
  }

  @Override
  protected void expired(long now) {
    if (supervisor.stopping()) {
      // They have been told to end, and stop turning their loops; how long that may take is
      // Shutdown's to say.
      return;
    }
    boolean onTime = now - last <= ON_TIME_NANOS;
    last = now;
    for (WorkerProcess worker : supervisor.workers()) {
      if (worker.running()) {
        look(worker, onTime);
      }
    }
    loop.timers().set(this, now + PERIOD_NANOS);
  }

  private void look(WorkerProcess worker, boolean onTime) {
    int place = worker.place();
    long beat = board.heartbeat(place);
    if (worker.pid() != pids[place] || beat != beats[place]) {
      pids[place] = worker.pid();
      beats[place] = beat;
      silence[place] = 0;
      times[place] = null;
    } else if (onTime) {
      silent(worker, place);
    }
  }

  private void silent(WorkerProcess worker, int place) {
    int limit = limit(worker);
    int looks = ++silence[place] % limit;
    if (looks == limit / 2) {
      times[place] = ProcessorTime.of(worker.pid());
    } else if (looks == 0) {
      hung(worker, times[place], limit - limit / 2);
    }
  }

  private static int limit(WorkerProcess worker) {
    return worker.state() == WorkerState.STARTING ? SILENT_AT_START : SILENT;
  }

  private void hung(WorkerProcess worker, ProcessorTime before, int looks) {
    char state = ProcessState.of(worker.pid());
    ProcessorTime now = ProcessorTime.of(worker.pid());
    boolean starved = before != null && now.starvedSince(before, looks * PERIOD_NANOS);
    String silent =
        "worker %s, pid %d, has given no sign of life for %d s"
            .formatted(
                worker.name(),
                worker.pid(),
                silence[worker.place()] * PERIOD_NANOS / 1_000_000_000);
    switch (state) {
      // Neither could be ended, nor would a successor do better: the disk is the same.
      case 'D' ->
          LOG.error("{}: the kernel lets it wait, for a disk or a frozen group; so do we", silent);
      case 't' -> LOG.warn("{}: it is stopped by a debugger, and left alone", silent);
      default -> {
        if (starved) {
          // A successor would have to wait as well, and sessions would be lost for nothing.
          LOG.warn("{}: it waits for a processor, others take all of them; left alone", silent);
          return;
        }
        LOG.error("{}{}; it is killed and replaced", silent, state == 'T' ? " (stopped)" : "");
        worker.destroy();
      }
    }
  }

  /** Whether a worker that runs is believed to hang, and is left alone all the same. */
  public boolean isSilent(WorkerProcess worker) {
    return worker.running()
        && worker.pid() == pids[worker.place()]
        && silence[worker.place()] >= limit(worker);
  }

  /** Whether a running worker has been heard of lately; one without a process never is silent. */
  public boolean alive(WorkerProcess worker) {
    return !worker.running()
        || worker.pid() != pids[worker.place()]
        || silence[worker.place()] < limit(worker) + 2;
  }
}
