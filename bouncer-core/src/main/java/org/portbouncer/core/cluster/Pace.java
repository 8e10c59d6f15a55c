package org.portbouncer.core.cluster;

/**
 * How often something happens, by what happened in this while and in the one before. One thread.
 */
final class Pace {

  private final long atLeast;
  private long count;
  private long countBefore;
  private long since;
  private long beforeSince;
  private long addedAt;
  private boolean begun;

  /**
   * @param nanos how long a while is; where it is added to less often, from one time to the next
   */
  Pace(long nanos) {
    atLeast = nanos;
  }

  /**
   * Adds what happened since the last time.
   *
   * @param now nanoseconds
   */
  void add(long newly, long now) {
    count += newly;
    long length = Math.max(atLeast, now - addedAt);
    addedAt = now;
    if (!begun || now - since >= length) {
      countBefore = count;
      count = 0;
      beforeSince = begun ? since : now;
      since = now;
      begun = true;
    }
  }

  /** So often in a nanosecond; 0 as long as nothing is known, right after an {@link #add}. */
  double perNano() {
    long nanos = addedAt - beforeSince;
    return nanos <= 0 ? 0 : (double) (count + countBefore) / nanos;
  }
}
