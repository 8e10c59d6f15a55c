package org.portbouncer.launcher.metrics;

import java.io.Closeable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.portbouncer.core.shared.ListenerCounters.Count;
import org.portbouncer.launcher.figures.Figures;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the server did in the last minutes, for the graphs of the status page, and in the last
 * seconds, for its rates. In the mother, sampled on a thread of its own.
 */
final class History implements Closeable {

  /** Between two samples. */
  static final long STEP_MS = 2000;

  /** Five minutes. */
  private static final int STEPS = 150;

  /** Rates are those of the last ten seconds. */
  private static final int RATE_STEPS = 5;

  private static final Logger LOG = LoggerFactory.getLogger(History.class);

  /**
   * Figures and when they were taken.
   *
   * @param nanos System.nanoTime
   */
  record Sample(long nanos, Figures figures) {}

  /**
   * What a listener had moved at a moment.
   *
   * @param up bytes since the start
   * @param down likewise
   */
  record Moved(String listener, long up, long down) {}

  /** All that listeners had moved at a moment. */
  record Step(long wallMs, long nanos, List<Moved> moved) {}

  private final MetricsSource source;
  private final ArrayDeque<Sample> recent = new ArrayDeque<>();
  private final ArrayDeque<Step> steps = new ArrayDeque<>();
  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("metrics-history").factory());

  History(MetricsSource source) {
    this.source = source;
    // Now, while a server that starts may still fail for want of threads.
    thread.prestartCoreThread();
  }

  /** Begins to take samples. */
  void begin() {
    var _ = thread.scheduleAtFixedRate(this::sample, 0, STEP_MS, TimeUnit.MILLISECONDS);
  }

  private void sample() {
    try {
      Sample sample = now();
      List<Moved> moved = new ArrayList<>(sample.figures().listeners().size());
      for (Figures.Listener listener : sample.figures().listeners()) {
        moved.add(
            new Moved(
                listener.name(), listener.count(Count.BYTES_UP), listener.count(Count.BYTES_DOWN)));
      }
      add(sample, new Step(System.currentTimeMillis(), sample.nanos(), moved));
    } catch (RuntimeException e) { // one that escaped would end the sampling for good
      LOG.warn("no sample for the status page", e);
    }
  }

  private synchronized void add(Sample sample, Step step) {
    recent.add(sample);
    if (recent.size() > RATE_STEPS) {
      recent.remove();
    }
    steps.add(step);
    if (steps.size() > STEPS) {
      steps.remove();
    }
  }

  /** Figures of this moment. */
  Sample now() {
    return new Sample(System.nanoTime(), source.figures());
  }

  /**
   * What rates are to be reckoned from.
   *
   * @return figures of some ten seconds before {@code now}, or as old as there are; {@code now}
   *     itself where there are none
   */
  synchronized Sample before(Sample now) {
    Iterator<Sample> oldestFirst = recent.iterator();
    return oldestFirst.hasNext() ? oldestFirst.next() : now;
  }

  /** The last minutes, oldest first. */
  synchronized List<Step> steps() {
    return List.copyOf(steps);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
