package org.portbouncer.core.shared;

/**
 * Where the entry of a key may stand in a table of {@link LiveCounts}: in one of two buckets of
 * {@value #BUCKET} entries, both in the same set, under its one lock.
 *
 * <p>A new key goes where more entries are free. With one bucket to each key some bucket would be
 * full long before the table is; with two, keys find their place until more than two thirds of the
 * table are in use. Which keys share a bucket nobody can tell who does not know the {@link
 * HashKey}. docs/decisions/006-limits.md has the figures.
 */
final class HashedPlaces {

  static final int BUCKET = 16;
  private static final int BUCKETS = 64;

  /** Entries in a set: so many that all sets fill evenly. */
  static final int WAYS = BUCKET * BUCKETS;

  private final HashKey key;
  private final int firstSet;
  private final int sets;

  /**
   * Spreads over {@code sets} sets of {@value #WAYS} entries from {@code firstSet} on.
   *
   * @param key the server's
   */
  HashedPlaces(HashKey key, int firstSet, int sets) {
    this.key = key;
    this.firstSet = firstSet;
    this.sets = sets;
  }

  /**
   * How many sets it takes for so many keys to find their place: half as many places again.
   *
   * @param keys below 2^30
   */
  static int setsFor(int keys) {
    return Math.ceilDiv(keys + keys / 2, WAYS);
  }

  /** What the methods below take for a key of three numbers. */
  long hash(long first, long second, long third) {
    return SipHash.hash(key, first, second, third);
  }

  /** The set of a key. */
  int set(long hash) {
    return firstSet + (int) ((hash >>> 32) * sets >>> 32);
  }

  /** The first entry of one of the key's two buckets, which is never the other. */
  int bucket(long hash, int choice) {
    int one = (int) hash & BUCKETS - 1;
    int other = one ^ 1 + ((int) hash >>> 6 & 0xffff) % (BUCKETS - 1);
    return set(hash) * WAYS + (choice == 0 ? one : other) * BUCKET;
  }
}
