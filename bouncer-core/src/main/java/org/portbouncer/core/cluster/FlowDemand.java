package org.portbouncer.core.cluster;

/**
 * What a flow of bytes needs of a limit, by how much of its part it used in the last seconds. One
 * thread.
 *
 * <p>Bytes come in pieces: they wait for moments also where the part is enough, and a part is
 * unused for moments also where it is not. Both even out, because what waits passes a little later.
 * So it is not asked for what is needed at the most, which others would lack: it is asked for what
 * passed on average, and for more while all of it is used. docs/decisions/044-cluster.md has what
 * each of the numbers is for.
 */
final class FlowDemand {

  /** So long it is looked back: shorter, and chance would decide. */
  private static final double WINDOW = 2;

  /** More looks than a window has. */
  private static final int LOOKS = 32;

  /** Who moves next to nothing for so long sends no more: what was before does not count. */
  private static final double QUIET = 0.6;

  /** Next to nothing: this part of what was before. */
  private static final int QUIET_PART = 8;

  /** A part is more than what passed by this part of that. */
  private static final int HEADROOM = 100;

  /**
   * Who left no more than this of its part unused at a look, and half of that over all looks, used
   * it all: a worker that the system stopped for a moment loses as much.
   */
  private static final double LEFT = 1 / 32.0;

  /**
   * Who is short asks for so much more, each second. Little: of what comes and goes within a second
   * or two, all that it rises by is too much right afterwards.
   */
  private static final double GROWTH = 0.07;

  /** Who is short for longer than this asks for more and more, up to twice as much in a second. */
  private static final double LONG = 2;

  private static final double DOUBLING = 0.3;
  private static final double FASTEST = 1;

  /** Who asked in vain for so long had less than it needs: what passed says nothing of that. */
  private static final double IN_VAIN = 2;

  /** For so many times its part, or for all. */
  private static final int VAIN = 4;

  /** Who has only begun asks for so many times its part, for as long as it uses all of it. */
  private static final int BEGINNING = 4;

  /** It begins with at least this part of an equal part; and had less than that. */
  private static final int FIRST = 8;

  /** A part is next to nothing where it is less than this part of an equal one. */
  private static final int NEXT_TO_NOTHING = 32;

  /** What passes now is what passed in so long. */
  private static final double NOW = 0.5;

  private static final double NANOS = 1e9;

  // The last looks: what passed, what nobody took, bytes; how long each was, seconds.
  private final double[] used = new double[LOOKS];
  private final double[] lost = new double[LOOKS];
  private final double[] length = new double[LOOKS];
  private int first;
  private int count;

  private long lookedAt;
  private boolean begun;

  /** There was a look since it was last asked what is wanted. */
  private boolean looked;

  /** Nothing or little came before. */
  private boolean beginning;

  /** How long all of the part has been used, and how long much more was asked for meanwhile. */
  private double allUsed;

  private double inVain;

  private boolean vain;
  private boolean mixed;
  private long wanted;

  /**
   * A look at it.
   *
   * @param bytes that passed since the last one
   * @param unused that might have passed as well
   * @param idle whether nobody takes of it any more: then more is unused than is known
   * @param limit bytes a second that it never has more than
   * @param now nanoseconds
   */
  void looked(long bytes, long unused, boolean idle, long limit, long now) {
    if (begun && now > lookedAt) {
      double seconds = (now - lookedAt) / NANOS;
      double passed = Math.min((double) bytes, limit * seconds);
      double left = (double) unused;
      boolean all = !idle && bytes > 0 && left <= LEFT * (passed + left);
      keep(passed, left, seconds);
      boolean content = !all && inVain >= IN_VAIN;
      if (content || mixed) {
        forgetAllBut(1);
      }
      // It was content for some of this look only; the next one counts.
      mixed = content;
      inVain = all && vain ? inVain + seconds : 0;
      allUsed = all ? allUsed + seconds : 0;
      looked = true;
    }
    begun = true;
    lookedAt = now;
  }

  private void keep(double passed, double unused, double seconds) {
    if (count == LOOKS) {
      forgetAllBut(count - 1);
    }
    int at = (first + count++) % LOOKS;
    used[at] = passed;
    lost[at] = unused;
    length[at] = seconds;
    while (count > 1 && sum(length, count) - length[first] >= WINDOW) {
      forgetAllBut(count - 1);
    }
    int lately = last(QUIET);
    double quiet = sum(length, lately);
    if (quiet >= QUIET && sum(used, lately) / quiet * QUIET_PART < perSecond(count)) {
      forgetAllBut(lately);
    }
  }

  private void forgetAllBut(int looks) {
    first = (first + count - looks) % LOOKS;
    count = looks;
  }

  /** How many of the last looks have so many seconds; all where they have less. */
  private int last(double seconds) {
    int looks = 0;
    for (double sum = 0; looks < count && sum < seconds; looks++) {
      sum += length[(first + count - 1 - looks) % LOOKS];
    }
    return looks;
  }

  /** Of so many of the last looks. */
  private double sum(double[] of, int looks) {
    double sum = 0;
    for (int i = count - looks; i < count; i++) {
      sum += of[(first + i) % LOOKS];
    }
    return sum;
  }

  private double perSecond(int looks) {
    double seconds = sum(length, looks);
    return seconds == 0 ? 0 : sum(used, looks) / seconds;
  }

  /** What passes now, in bytes per second. */
  long passing() {
    return Math.round(perSecond(last(NOW)));
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
    double passes = perSecond(count);
    double enough = passes + Math.max((double) least, passes / HEADROOM);
    boolean little = passes * 2 <= size && passes * FIRST <= fair;
    if (!beginning && scarce && waits && little && allUsed == 0 && count > 0) {
      beginning = true;
      forgetAllBut(0);
      wanted = Math.max(fair / FIRST, BEGINNING * size);
    } else if (looked) {
      // Also who has had next to nothing all the time, and could never show that it needs more.
      beginning = allUsed > 0 && (beginning || waits && size * NEXT_TO_NOTHING <= fair);
      double needs = allUsed > 0 ? more(size, enough, scarce) : enough;
      wanted = Math.round(Math.min((double) limit, needs));
    } else if (count == 0 && !beginning) {
      // Nothing is known yet: it goes on as it is.
      wanted = Math.max(least, size);
    }
    looked = false;
    wanted = Math.min(limit, wanted);
    vain = wanted > size * VAIN || wanted == limit;
    return wanted;
  }

  /** So much is asked for by who uses all it has. */
  private double more(long size, double enough, boolean scarce) {
    double from = Math.max(enough, (double) Math.max(size, wanted));
    if (beginning || !scarce) {
      return from * BEGINNING;
    }
    double unused = sum(lost, count);
    if (unused > LEFT / 2 * (sum(used, count) + unused)) {
      return enough;
    }
    double growth = GROWTH * Math.pow(2, Math.max(0, allUsed - LONG) / DOUBLING);
    return from * (1 + Math.min(FASTEST, growth) * length[(first + count - 1) % LOOKS]);
  }
}
