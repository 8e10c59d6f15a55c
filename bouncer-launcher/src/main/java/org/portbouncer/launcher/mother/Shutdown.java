package org.portbouncer.launcher.mother;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Result;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the server ends: the listeners close, sessions get `timeouts.drain` to end, what is left is
 * ended, the workers go, the loop stops. In the mother, on her loop's thread. Time in which that
 * did not turn gives nobody less.
 */
final class Shutdown extends Timer {

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
    DRAINING,
    ENDING,
    STOPPING
  }

  private final Mother mother;
  private final EventLoop loop;
  private volatile Step step = Step.SERVING;
  private long stepSince;
  private long progressAt;

  Shutdown(Mother mother) {
    this.mother = mother;
    this.loop = mother.loop();
  }

  boolean begun() {
    return step != Step.SERVING;
  }

  /**
   * Begins to stop, or hurries.
   *
   * @param now end live sessions at once
   */
  void begin(boolean now) {
    if (step == Step.SERVING) {
      mother.closeListeners();
      int active = mother.records().active();
      mother
          .notifier()
          .stopping((now ? "stopping" : "draining") + "; sessions: " + active, EXTENSION_NANOS);
      if (now) {
        LOG.info("stopping at once; sessions: {}", active);
        to(Step.ENDING, Result.KILLED);
      } else {
        long drainMs = mother.configuration().drainMs();
        LOG.info(
            "stopping; sessions: {}, {}",
            active,
            drainMs == 0
                ? "waiting for their end"
                : "waiting up to " + drainMs + " ms for their end");
        to(Step.DRAINING, null);
      }
    } else if (step == Step.DRAINING && now) {
      LOG.info("stopping at once; sessions left: {}", mother.records().active());
      to(Step.ENDING, Result.KILLED);
    }
  }

  private void to(Step next, Result result) {
    step = next;
    stepSince = loop.now();
    progressAt = loop.now() + PROGRESS_NANOS;
    if (next == Step.ENDING) {
      mother.supervisor().endAll(result);
    } else if (next == Step.STOPPING) {
      mother.supervisor().stopWorkers();
    }
    loop.timers().set(this, loop.now());
  }

  @Override
  protected void expired(long now) {
    int active = mother.records().active();
    switch (step) {
      case DRAINING -> draining(now, active);
      case ENDING -> {
        if (active == 0 || loop.turned(stepSince) > PATIENCE_NANOS) {
          to(Step.STOPPING, null);
          return;
        }
      }
      case STOPPING -> {
        if (!mother.supervisor().anyRunning()) {
          loop.stop();
          return;
        }
        if (loop.turned(stepSince) > PATIENCE_NANOS) {
          mother.supervisor().destroyAll();
        }
      }
      case SERVING -> {}
    }
    loop.timers().set(this, now + LOOK_NANOS);
  }

  private void draining(long now, int active) {
    long drainNanos = mother.configuration().drainMs() * 1_000_000;
    if (active == 0) {
      to(Step.STOPPING, null);
    } else if (drainNanos > 0 && loop.turned(stepSince) > drainNanos) {
      LOG.warn("the drain time is over; sessions that are ended: {}", active);
      to(Step.ENDING, Result.DRAINED);
    } else if (now >= progressAt) {
      progressAt = now + PROGRESS_NANOS;
      LOG.info("draining; sessions left: {}", active);
      mother.notifier().stillStopping("draining; sessions left: " + active, EXTENSION_NANOS);
    }
  }
}
