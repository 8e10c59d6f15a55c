package org.portbouncer.launcher.figures;

import java.util.function.ToLongFunction;

/**
 * What was counted, one count for each constant of an enum, as it was at one moment: who counts
 * something new adds a constant, and nobody has to pass it on.
 *
 * @param <E> what is counted
 */
public final class Counts<E extends Enum<E>> {

  private final long[] counts;

  private Counts(long[] counts) {
    this.counts = counts;
  }

  /**
   * Reads them.
   *
   * @param all every constant
   * @param read says how often
   */
  public static <E extends Enum<E>> Counts<E> read(E[] all, ToLongFunction<E> read) {
    long[] counts = new long[all.length];
    for (E each : all) {
      counts[each.ordinal()] = read.applyAsLong(each);
    }
    return new Counts<>(counts);
  }

  /** How often that was counted. */
  public long of(E what) {
    return counts[what.ordinal()];
  }

  /** The same, with another count of one of them. */
  public Counts<E> with(E what, long count) {
    long[] changed = counts.clone();
    changed[what.ordinal()] = count;
    return new Counts<>(changed);
  }
}
