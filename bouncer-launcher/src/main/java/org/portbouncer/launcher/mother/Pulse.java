package org.portbouncer.launcher.mother;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.launcher.state.ServerState;
import org.portbouncer.launcher.state.Standing;
import org.portbouncer.launcher.systemd.Notifier;

/**
 * Tells the service manager at regular times that the server lives, and how it is. In the mother,
 * on her loop's thread: a loop that does not turn says nothing. Nor does she where a worker gives
 * no sign of life and is not being replaced.
 */
final class Pulse extends Timer {

  private static final long LONGEST_NANOS = 1_000_000_000L;
  private static final int BEATS_PER_STATUS = 5;

  private final Mother mother;
  private final EventLoop loop;
  private final Notifier notifier;
  private final HangWatch hangWatch;
  private final long period;
  private int beats;
  private String said = "";
  private ServerState saidState = ServerState.READY;

  Pulse(Mother mother, HangWatch hangWatch) {
    this.mother = mother;
    this.loop = mother.loop();
    this.notifier = mother.notifier();
    this.hangWatch = hangWatch;
    long watchdog = notifier.watchdogNanos();
    this.period = watchdog == 0 ? LONGEST_NANOS : Math.min(LONGEST_NANOS, watchdog / 3);
  }

  void start() {
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
    Standing standing = mother.stateWatch().now();
    if (mother.serving() && (++beats % BEATS_PER_STATUS == 0 || standing.state() != saidState)) {
      String status = status(mother);
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
    if (mother.supervisor().stopping()) {
      return true;
    }
    for (WorkerProcess worker : mother.supervisor().workers()) {
      if (!hangWatch.alive(worker)) {
        return false;
      }
    }
    return true;
  }

  /** One line for `systemctl status`. */
  static String status(Mother mother) {
    int away = 0;
    for (WorkerProcess worker : mother.supervisor().workers()) {
      away += worker.leaving() || worker.serves() ? 0 : 1;
    }
    String workers = mother.supervisor().workers().size() + " workers";
    return "%s; sessions: %d; %s%s"
        .formatted(
            mother.stateWatch().now().text(),
            mother.records().active(),
            workers,
            away == 0 ? "" : ", " + away + " being replaced");
  }
}
