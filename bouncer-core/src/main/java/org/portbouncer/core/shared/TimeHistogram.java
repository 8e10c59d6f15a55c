package org.portbouncer.core.shared;

/**
 * Times that were counted up to a moment; a copy. In the mother.
 *
 * @param buckets what the counts are of
 * @param counts for each bucket how many times fell into it, not cumulative
 * @param sumNanos all times together
 */
public record TimeHistogram(TimeBuckets buckets, long[] counts, long sumNanos) {

  /** None so far. */
  public static TimeHistogram empty(TimeBuckets buckets) {
    return new TimeHistogram(buckets, new long[TimeBuckets.COUNT], 0);
  }

  /** Both together. */
  public TimeHistogram plus(TimeHistogram other) {
    long[] both = counts.clone();
    for (int i = 0; i < both.length; i++) {
      both[i] += other.counts[i];
    }
    return new TimeHistogram(buckets, both, sumNanos + other.sumNanos);
  }

  /** What was counted since {@code earlier}, a copy of the same. */
  public TimeHistogram since(TimeHistogram earlier) {
    long[] difference = counts.clone();
    for (int i = 0; i < difference.length; i++) {
      difference[i] -= earlier.counts[i];
    }
    return new TimeHistogram(buckets, difference, sumNanos - earlier.sumNanos);
  }

  /** How many times were counted. */
  public long count() {
    long count = 0;
    for (long each : counts) {
      count += each;
    }
    return count;
  }

  /**
   * The time that a share of all did not exceed, in seconds, as far as the buckets tell: linear
   * within one, as Prometheus does it; beyond the last bound, that bound. NaN where there is none.
   *
   * @param share 0 to 1
   */
  public double quantile(double share) {
    double rank = share * count();
    if (rank == 0) {
      return Double.NaN;
    }
    long below = 0;
    for (int i = 0; i < TimeBuckets.COUNT - 1; i++) {
      if (below + counts[i] >= rank) {
        double from = i == 0 ? 0 : buckets.upperSeconds(i - 1);
        return from + (buckets.upperSeconds(i) - from) * (rank - below) / counts[i];
      }
      below += counts[i];
    }
    return buckets.upperSeconds(TimeBuckets.COUNT - 2);
  }
}
