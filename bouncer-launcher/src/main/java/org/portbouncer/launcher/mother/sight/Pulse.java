package org.portbouncer.launcher.mother.sight;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.staff.HangWatch;
import org.portbouncer.launcher.mother.staff.Supervisor;
import org.portbouncer.launcher.mother.staff.WorkerProcess;
import org.portbouncer.launcher.state.ServerState;
import org.portbouncer.launcher.state.Standing;
import org.portbouncer.launcher.systemd.Notifier;

/**
 * Tells the service manager at regular times that the server lives, and how it is. In the mother,
 * on her loop's thread: a loop that does not turn says nothing. Nor does she where a worker gives
 * no sign of life and is not being replaced.
 */
public final class Pulse extends Timer {

  private static final long LONGEST_NANOS = 1_000_000_000L;
  private static final int BEATS_PER_STATUS = 5;

  private final InForce inForce;
  private final StateWatch stateWatch;
  private final StatusLine line;
  private final Supervisor supervisor;
  private final EventLoop loop;
  private final Notifier notifier;
  private final HangWatch hangWatch;
  private final long period;
  private int beats;
  private String said = "";
  private ServerState saidState = ServerState.READY;

  public Pulse(
      EventLoop loop,
      Notifier notifier,
      InForce inForce,
      StateWatch stateWatch,
      StatusLine line,
      Supervisor supervisor,
      HangWatch hangWatch) {
    this.loop = loop;
    this.notifier = notifier;
    this.inForce = inForce;
    this.stateWatch = stateWatch;
    this.line = line;
    this.supervisor = supervisor;
    this.hangWatch = hangWatch;
    long watchdog = notifier.watchdogNanos();
    this.period = watchdog == 0 ? LONGEST_NANOS : Math.min(LONGEST_NANOS, watchdog / 3);
  }

  public void start() {
    if (notifier.active()) {
      loop.timers().set(this, loop.now() + period);
    }
  }

  @Override
  protected void expired(long now) {
    notifier.flush();
    if (notifier.watchdogNanos() > 0 && allWell()) {
      notifier.alive();
    }
    Standing standing = stateWatch.now();
    if (inForce.serving() && (++beats % BEATS_PER_STATUS == 0 || standing.state() != saidState)) {
      String status = line.text();
      if (!status.equals(said)) {
        said = status;
        saidState = standing.state();
        notifier.status(status);
      }
    }
    loop.timers().set(this, now + period);
  }

  /** Workers that were told to end are no measure any more. */
  private boolean allWell() {
    if (supervisor.stopping()) {
      return true;
    }
    for (WorkerProcess worker : supervisor.workers()) {
      if (!hangWatch.alive(worker)) {
        return false;
      }
    }
    return true;
  }
}
