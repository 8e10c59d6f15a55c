package org.portbouncer.launcher.top;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.function.ToDoubleFunction;

/** What moved in the last minute, step by step. */
final class Minute {

  /** One value for each second. */
  static final int SECONDS = 60;

  private static final long NANOS_PER_SECOND = 1_000_000_000;

  /** What moved from one look to the next. */
  private record Step(long from, long to, PerSecond flow) {}

  private final ArrayDeque<Step> steps = new ArrayDeque<>();

  void add(long from, long to, PerSecond flow) {
    steps.addLast(new Step(from, to, flow));
    while (to - steps.getFirst().to() > SECONDS * NANOS_PER_SECOND) {
      steps.removeFirst();
    }
  }

  PerSecond last() {
    return steps.isEmpty() ? PerSecond.NONE : steps.getLast().flow();
  }

  /** A value for each of the last sixty seconds, oldest first; NaN where nobody looked. */
  double[] values(ToDoubleFunction<PerSecond> of) {
    double[] values = new double[SECONDS];
    Arrays.fill(values, Double.NaN);
    if (steps.isEmpty()) {
      return values;
    }
    long end = steps.getLast().to();
    for (Step step : steps) {
      for (int i = 0; i < SECONDS; i++) {
        long middle = end - (SECONDS - i) * NANOS_PER_SECOND + NANOS_PER_SECOND / 2;
        if (middle > step.from() && middle <= step.to()) {
          values[i] = of.applyAsDouble(step.flow());
        }
      }
    }
    return values;
  }
}
