package org.portbouncer.core.cluster;

/**
 * What a flow of bytes needs, by how much of its part it used in the last seconds. One thread.
 *
 * <p>Bytes come in pieces: they wait for moments also where the part is enough, and a part is
 * unused for moments also where it is not. Both even out, because what waits passes a little later.
 * So it is not asked for what is needed at the most, which others would lack: it is asked for what
 * passed on average, and for more while all of it is used.
 */
final class Flow {

  /** So long it is looked back: shorter, and chance would decide. */
  private static final long WINDOW_NANOS = 2_000_000_000;

  /** More looks than a window has. */
  private static final int LOOKS = 32;

  /** Who moves next to nothing for so long sends no more: what was before does not count. */
  private static final long QUIET_NANOS = 600_000_000;

  /** Next to nothing: this part of what was before. */
  private static final int QUIET = 8;

  /** A part is more than what passed by this part of that. */
  private static final int HEADROOM = 100;

  /**
   * Who used all but what passes in this time used all of its part: bytes pass in pieces, of up to
   * a round of the line (ClassTerms), and the last of them is in this look or in the next.
   */
  private static final double PIECE_NANOS = 50e6;

  /**
   * Who is short asks for so much more, each second. Little: of what comes and goes within a second
   * or two, all that it rises by is too much right afterwards.
   */
  private static final double SLOW_GROWTH = 0.07;

  /** Who is short for longer than this asks for more and more. */
  private static final long SLOW_NANOS = 2_000_000_000;

  private static final double DOUBLING_NANOS = 400e6;
  private static final double FASTEST_GROWTH = 1;

  /** Who has only begun asks for so many times its part, for as long as it uses all of it. */
  private static final int BEGINNING = 4;

  /** It begins with at least this part of an equal part. */
  private static final int FIRST = 8;

  private static final double NANOS_PER_SECOND = 1e9;

  // The last looks: what passed, what could have, how long.
  private final long[] bytes = new long[LOOKS];
  private final double[] room = new double[LOOKS];
  private final long[] nanos = new long[LOOKS];
  private int first;
  private int count;

  // Of all these together.
  private long allBytes;
  private double allRoom;
  private long allNanos;

  // Since the last look.
  private double roomSince;
  private long roomUntil;
  private long lookedAt;
  private boolean begun;

  /** There was a look since it was last asked what is wanted, and bytes waited meanwhile. */
  private boolean looked;

  private boolean waited;

  /** Nothing or little came before; the look after that has some of both. */
  private boolean beginning;

  private boolean mixed;

  /** How long it has been short. */
  private long shortNanos;

  private long wanted;

  /** The part changes now, and was so many bytes a second until now. */
  void partWas(long size, long now) {
    if (begun) {
      roomSince += size * ((now - roomUntil) / NANOS_PER_SECOND);
    }
    roomUntil = now;
  }

  /** So many bytes have passed since the last time. */
  void passed(long newly, long size, long now) {
    partWas(size, now);
    if (begun && now > lookedAt) {
      if (!mixed) {
        keep(newly, now - lookedAt);
      }
      mixed = false;
    }
    roomSince = 0;
    lookedAt = now;
    begun = true;
  }

  private void keep(long newly, long length) {
    if (count == LOOKS) {
      forgetFirst();
    }
    int at = (first + count++) % LOOKS;
    bytes[at] = newly;
    room[at] = roomSince;
    nanos[at] = length;
    allBytes += newly;
    allRoom += roomSince;
    allNanos += length;
    while (count > 1 && allNanos - nanos[first] >= WINDOW_NANOS) {
      forgetFirst();
    }
    forgetWhatIsOver();
    looked = true;
  }

  private void forgetFirst() {
    allBytes -= bytes[first];
    allRoom -= room[first];
    allNanos -= nanos[first];
    first = (first + 1) % LOOKS;
    count--;
  }

  private void forget() {
    first = 0;
    count = 0;
    allBytes = 0;
    allRoom = 0;
    allNanos = 0;
  }

  /** Where next to nothing passes any more, only that counts. */
  private void forgetWhatIsOver() {
    long lately = 0;
    long length = 0;
    int looks = 0;
    while (looks < count && length < QUIET_NANOS) {
      looks++;
      int at = (first + count - looks) % LOOKS;
      lately += bytes[at];
      length += nanos[at];
    }
    if (length >= QUIET_NANOS && (double) lately / length * QUIET < perNano()) {
      while (count > looks) {
        forgetFirst();
      }
    }
  }

  private double perNano() {
    return allNanos == 0 ? 0 : (double) allBytes / allNanos;
  }

  /**
   * What it needs, in bytes per second.
   *
   * @param size the part now
   * @param least what everybody has in any case
   * @param fair an equal part
   * @param limit of all
   * @param scarce whether it is given no more than it asks for: others lack what it does not use
   * @param waits whether bytes have waited since the last time
   */
  long want(long size, long least, long fair, long limit, boolean scarce, boolean waits) {
    waited |= waits;
    double passes = perNano() * NANOS_PER_SECOND;
    if (!beginning && scarce && waits && passes * 2 <= size) {
      begin();
      wanted = Math.max(fair / FIRST, BEGINNING * size);
    } else if (looked) {
      double enough = passes + Math.max(least, passes / HEADROOM);
      wanted =
          (long) Math.min(limit, isShort(scarce) ? more(Math.max(enough, size), scarce) : enough);
      waited = false;
    } else if (count == 0 && !beginning) {
      // Nothing is known yet: it goes on as it is.
      wanted = Math.max(least, size);
    }
    looked = false;
    return Math.min(limit, wanted);
  }

  private void begin() {
    forget();
    beginning = true;
    mixed = true;
    shortNanos = 0;
  }

  /** Whether it could use more than its part, as far as the looks can tell. */
  private boolean isShort(boolean scarce) {
    int last = (first + count - 1) % LOOKS;
    boolean all =
        waited
            && bytes[last] >= room[last] * (1 - PIECE_NANOS / nanos[last])
            && (beginning || !scarce || allBytes >= allRoom * (1 - PIECE_NANOS / allNanos));
    beginning &= all;
    shortNanos = all ? shortNanos + nanos[last] : 0;
    return all;
  }

  /** So much is asked for by who is short and has that much. */
  private double more(double base, boolean scarce) {
    double from = Math.max(wanted, base);
    if (beginning || !scarce) {
      return from * BEGINNING;
    }
    double growth =
        SLOW_GROWTH * Math.pow(2, Math.max(0, shortNanos - SLOW_NANOS) / DOUBLING_NANOS);
    double seconds = nanos[(first + count - 1) % LOOKS] / NANOS_PER_SECOND;
    return from * (1 + Math.min(FASTEST_GROWTH, growth) * seconds);
  }
}
