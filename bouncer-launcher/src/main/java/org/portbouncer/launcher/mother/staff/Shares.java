package org.portbouncer.launcher.mother.staff;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.shared.WorkerBoard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives new io workers their share of the sessions that there are: each of the old ones that has
 * more than its own ends as for `bouncer move`, one after another, and its sessions go on where the
 * fewest are, which for most of them is its own successor. In the mother, on her loop's thread.
 */
final class Shares {

  private static final Logger LOG = LoggerFactory.getLogger(Shares.class);

  /** How often it is looked whether a successor serves. */
  private static final long LOOK_NANOS = 10_000_000;

  /** So many looks one after another find nothing in a successor's inbox: it counts what it has. */
  private static final int SETTLED = 3;

  /** The next one's turn comes, whatever holds this one up: a session that cannot be moved, say. */
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  /** The most places that sessions are dealt out to in turn; a native buffer stands behind each. */
  private static final int MOST_TURNS = 16;

  private final EventLoop loop;
  private final Staff staff;
  private final WorkerBoard board;

  /** Those whose turn comes. */
  private final Deque<WorkerProcess> due = new ArrayDeque<>();

  /** Those that end, or did, for this. */
  private final List<WorkerProcess> sharing = new ArrayList<>();

  private WorkerProcess now;
  private boolean nowHasEnded;
  private int settled;
  private long patienceEnds;

  private final Timer look =
      new Timer() {
        @Override
        protected void expired(long time) {
          look(time);
        }
      };

  Shares(EventLoop loop, Staff staff, WorkerBoard board) {
    this.loop = loop;
    this.staff = staff;
    this.board = board;
  }

  /**
   * Begins, where there are workers that get sessions from now on and did not before.
   *
   * @param before the io workers that got them
   */
  void even(List<WorkerProcess> before) {
    List<WorkerProcess> io = staff.forwarding();
    if (before.isEmpty() || io.size() <= before.size() || !io.containsAll(before)) {
      return;
    }
    due.removeAll(before);
    due.addAll(before);
    if (now == null) {
      next();
    }
  }

  private int sessions(WorkerProcess worker) {
    return board.sessions(worker.place());
  }

  private void next() {
    loop.timers().clear(look);
    now = null;
    while (now == null && !due.isEmpty()) {
      WorkerProcess worker = due.poll();
      List<WorkerProcess> io = staff.forwarding();
      int all = io.stream().mapToInt(this::sessions).sum();
      if (!io.contains(worker) || sessions(worker) <= Math.ceilDiv(all, io.size())) {
        continue;
      }
      sharing.add(worker);
      if (worker.move()) {
        now = worker;
        nowHasEnded = false;
        settled = 0;
        patienceEnds = loop.now() + PATIENCE_NANOS;
        loop.timers().set(look, loop.now() + LOOK_NANOS);
      } else {
        sharing.remove(worker);
        LOG.info(
            "worker {} keeps its {} sessions: they would end with it",
            worker.name(),
            sessions(worker));
      }
    }
  }

  private void look(long time) {
    settled = nowHasEnded && now.serves() && now.inbox().isEmpty() ? settled + 1 : 0;
    if (settled == SETTLED || time >= patienceEnds) {
      next();
    } else {
      loop.timers().set(look, time + LOOK_NANOS);
    }
  }

  /**
   * Who gets the sessions of a worker that has ended, in turn.
   *
   * @return empty where it did not end for this
   */
  List<WorkerProcess> heirs(WorkerProcess gone) {
    if (!sharing.remove(gone) || !gone.moves()) {
      return List.of();
    }
    nowHasEnded |= gone == now;
    List<WorkerProcess> io = staff.forwarding();
    if (!io.contains(gone)) {
      return List.of();
    }
    double[] has = new double[io.size()];
    for (int i = 0; i < has.length; i++) {
      // Of those that are alike its own successor comes last: it is not there yet.
      has[i] = io.get(i) == gone ? Double.MIN_VALUE : sessions(io.get(i));
    }
    int turns = Math.clamp(sessions(gone), 1, MOST_TURNS);
    double each = (double) sessions(gone) / turns;
    List<WorkerProcess> heirs = new ArrayList<>();
    for (int turn = 0; turn < turns; turn++) {
      int fewest = 0;
      for (int i = 1; i < has.length; i++) {
        fewest = has[i] < has[fewest] ? i : fewest;
      }
      has[fewest] += each;
      heirs.add(io.get(fewest));
    }
    return heirs;
  }

  /** Nothing more is moved. */
  void stop() {
    due.clear();
    loop.timers().clear(look);
    now = null;
  }
}
