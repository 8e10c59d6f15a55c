package org.portbouncer.launcher.mother.ending;

import java.util.function.Consumer;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Result;
import org.portbouncer.launcher.mother.doors.Acceptor;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.epochs.Reloader;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.handover.Predecessors;
import org.portbouncer.launcher.mother.sight.StateWatch;
import org.portbouncer.launcher.mother.staff.Supervisor;
import org.portbouncer.launcher.systemd.Notifier;
import org.portbouncer.launcher.systemd.RestartQuestion;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the server ends: the listeners close, sessions get `timeouts.drain` to end, what is left is
 * ended, the workers go, the loop stops. In the mother, on her loop's thread. Time in which that
 * did not turn gives nobody less.
 *
 * <p>A restart by systemd goes another way (docs/decisions/027): the mother ends as soon as all
 * that she has accepted is passed on, and her workers finish their sessions by themselves, within
 * the same time. So new clients, who wait in the queues of sockets that systemd keeps, wait for the
 * start of the next server alone.
 */
public final class Shutdown extends Timer {

  private static final Logger LOG = LoggerFactory.getLogger(Shutdown.class);

  private static final long LOOK_NANOS = 20_000_000;
  private static final long PROGRESS_NANOS = 5_000_000_000L;

  /**
   * For sessions to be ended by their workers, and for workers to go, before harder means. Workers
   * that record for the class cache write it at their end.
   */
  private static final long PATIENCE_NANOS =
      System.getProperty("bouncer.record") == null ? 3_000_000_000L : 120_000_000_000L;

  /** What a service manager is asked to wait from each word of progress on. */
  private static final long EXTENSION_NANOS = PROGRESS_NANOS + 3 * PATIENCE_NANOS;

  private enum Step {
    SERVING,
    /** Serving, while systemd is asked what the stop is for. */
    ASKING,
    /** The workers are about to be left to themselves. */
    LEAVING,
    DRAINING,
    ENDING,
    STOPPING
  }

  /** For the first stage to take what was accepted; then what is left is lost. */
  private static final long PASS_ON_NANOS = 500_000_000;

  /** For a manager that is busy, to take links into its keeping. */
  private static final long KEEP_NANOS = 500_000_000;

  private final Ground ground;
  private final InForce inForce;
  private final Acceptor acceptor;
  private final Supervisor supervisor;
  private final Predecessors predecessors;
  private final Reloader reloader;
  private final Notifier notifier;
  private final StateWatch stateWatch;
  private final RestartQuestion question = new RestartQuestion(System.getenv());
  private final EventLoop loop;
  private volatile Step step = Step.SERVING;
  private long stepSince;
  private long progressAt;
  private boolean leavesWorkers;

  /** Has what is left of a server before this one end too: at once, or not. */
  private Consumer<Boolean> beside = _ -> {};

  public Shutdown(
      Ground ground,
      InForce inForce,
      Acceptor acceptor,
      Supervisor supervisor,
      Predecessors predecessors,
      Reloader reloader,
      Notifier notifier,
      StateWatch stateWatch) {
    this.ground = ground;
    this.inForce = inForce;
    this.loop = ground.loop();
    this.acceptor = acceptor;
    this.supervisor = supervisor;
    this.predecessors = predecessors;
    this.reloader = reloader;
    this.notifier = notifier;
    this.stateWatch = stateWatch;
  }

  /** Says who ends with this server. */
  public void beside(Consumer<Boolean> other) {
    beside = other;
  }

  public boolean begun() {
    return step != Step.SERVING;
  }

  /** The signal to stop: the first drains, the second ends at once. */
  public void signal() {
    begin(begun());
  }

  /**
   * Begins to stop, or hurries.
   *
   * @param now end live sessions at once
   */
  public void begin(boolean now) {
    beside.accept(now);
    if (step == Step.SERVING && !now && question.canBeAsked()) {
      step = Step.ASKING;
      ask();
    } else if (step == Step.SERVING || step == Step.ASKING && now) {
      stopServing(now);
    } else if (step == Step.DRAINING && now) {
      LOG.info("stopping at once; sessions left: {}", ground.active());
      to(Step.ENDING, Result.KILLED);
    }
    stateWatch.look();
  }

  /** From now on nothing new is begun. */
  private void closeDoors() {
    inForce.stop();
    reloader.refuse("the server is stopping");
    acceptor.close();
    inForce.listeners().close();
  }

  private void stopServing(boolean now) {
    closeDoors();
    int active = ground.active();
    notifier.stopping((now ? "stopping" : "draining") + "; sessions: " + active, EXTENSION_NANOS);
    if (now) {
      LOG.info("stopping at once; sessions: {}", active);
      to(Step.ENDING, Result.KILLED);
    } else {
      long drainMs = inForce.configuration().drainMs();
      LOG.info(
          "stopping; sessions: {}, {}",
          active,
          drainMs == 0
              ? "waiting for their end"
              : "waiting up to " + drainMs + " ms for their end");
      to(Step.DRAINING, null);
    }
  }

  /** Whether the workers are to go on without a mother. */
  public boolean leavesWorkers() {
    return leavesWorkers;
  }

  private void ask() {
    try {
      Thread.ofPlatform()
          .daemon()
          .name("restart-question")
          .start(
              () -> {
                boolean restart = question.isRestart();
                ground.post(() -> answered(restart));
              });
    } catch (OutOfMemoryError e) { // no thread to be had
      answered(false);
    }
  }

  private void answered(boolean restart) {
    if (step != Step.ASKING) {
      return; // somebody was in a hurry meanwhile
    }
    if (!restart) {
      stopServing(false);
      return;
    }
    closeDoors();
    notifier.stopping("restarting; sessions go on", EXTENSION_NANOS);
    to(Step.LEAVING, null);
  }

  private void leaveWorkers() {
    long drainMs = inForce.configuration().drainMs();
    int active = ground.active();
    int workers = supervisor.orphan((int) Math.min(drainMs, Integer.MAX_VALUE));
    LOG.info(
        "ending for a restart; {} workers finish {} sessions, {}",
        workers,
        active,
        drainMs == 0 ? "to their end" : "for up to " + drainMs + " ms");
    leavesWorkers = true;
    notifier.flushWithin(KEEP_NANOS);
    loop.stop();
  }

  private void to(Step next, Result result) {
    step = next;
    stepSince = loop.now();
    progressAt = loop.now() + PROGRESS_NANOS;
    if (next == Step.ENDING) {
      supervisor.everyone().endAll(result);
      predecessors.endAll(result);
    } else if (next == Step.STOPPING) {
      supervisor.stopWorkers();
      predecessors.stop();
    }
    loop.timers().set(this, loop.now());
  }

  @Override
  protected void expired(long now) {
    int active = ground.active();
    switch (step) {
      case LEAVING -> {
        if (acceptor.allPassedOn() || now - stepSince > PASS_ON_NANOS) {
          leaveWorkers();
          return;
        }
      }
      case DRAINING -> draining(now, active);
      case ENDING -> {
        if (active == 0 || loop.turned(stepSince) > PATIENCE_NANOS) {
          to(Step.STOPPING, null);
          return;
        }
      }
      case STOPPING -> {
        boolean othersGone = predecessors.count() == 0 || now - stepSince > PATIENCE_NANOS;
        if (!supervisor.anyRunning() && othersGone) {
          loop.stop();
          return;
        }
        if (loop.turned(stepSince) > PATIENCE_NANOS) {
          supervisor.destroyAll();
        }
      }
      case SERVING, ASKING -> {}
    }
    loop.timers().set(this, now + LOOK_NANOS);
  }

  private void draining(long now, int active) {
    long drainNanos = inForce.configuration().drainMs() * 1_000_000;
    if (active == 0 && predecessors.count() == 0) {
      to(Step.STOPPING, null);
    } else if (drainNanos > 0 && loop.turned(stepSince) > drainNanos) {
      LOG.warn("the drain time is over; sessions that are ended: {}", active);
      to(Step.ENDING, Result.DRAINED);
    } else if (now >= progressAt) {
      progressAt = now + PROGRESS_NANOS;
      LOG.info("draining; sessions left: {}", active);
      notifier.stillStopping("draining; sessions left: " + active, EXTENSION_NANOS);
    }
  }
}
