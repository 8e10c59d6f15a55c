package org.portbouncer.core.cluster;

/**
 * This server's part of one limit that several hold together, on a clock that is given. Grows when
 * it is granted more, and shrinks by itself before it gives anything back: what it says it holds is
 * never less than what may be in use here. One thread; in the mother.
 */
public final class Lease {

  /** How long what was wanted counts, at least, and twice as long at most. */
  private static final long WHILE_NANOS = 250_000_000;

  /**
   * Room that everybody keeps for clients that come: this part of the limit, all servers' added.
   */
  private static final int ROOM = 100;

  /** A change of a flow's part by less than this of it is not worth waking all who wait. */
  private static final int COARSE = 64;

  /** A smaller one waits until the last is so long ago. */
  private static final long CALM_NANOS = 1_000_000_000;

  /** How far ahead it is looked at what comes to a rate: further than the slowest asking. */
  private static final long AHEAD_NANOS = 1_000_000_000;

  /** What is counted. */
  public enum Kind {
    /** Sessions: what is in use cannot be given back. */
    COUNTED,
    /** Bytes per second: a rate is given back at once. */
    FLOWING
  }

  private final Kind kind;
  private long limit;
  private long windowNanos;
  private long size;
  private long members = 1;

  // The most that was used, and how many were refused, in this while and in the one before.
  private long peak;
  private long peakBefore;
  private long refused;
  private long refusedBefore;
  private long whileSince;
  private long askedAt;
  private boolean begun;

  // Of a flow, what it needs; what was asked for, and whether no more was given: others lack it.
  private final FlowDemand flow = new FlowDemand();
  private long asked;
  private boolean scarce = true;
  private long changedAt;

  // Of a rate, how many clients come: the one follows at once, the other is not moved by a few.
  private final Pace lately = new Pace(WHILE_NANOS);
  private final Pace longer = new Pace(AHEAD_NANOS);

  /**
   * @param limit of all servers together
   */
  public Lease(Kind kind, long limit) {
    this.kind = kind;
    this.limit = limit;
  }

  public Kind kind() {
    return kind;
  }

  public long limit() {
    return limit;
  }

  /**
   * Changes the limit; a part above it shrinks with the next answer.
   *
   * @param window how long what was counted is in use, for a rate; 0 for what ends by itself
   */
  public void limit(long other, long window) {
    limit = other;
    windowNanos = window;
  }

  /** What this server may have now, as long as its term lasts. */
  public long size() {
    return size;
  }

  /**
   * Goes on with the part of the server before this one, whose place in the cluster it has.
   *
   * @param its as {@link #size} was there
   */
  public void goOn(long its) {
    size = its;
  }

  /**
   * The part has ended: what is in use is all that is left.
   *
   * @param used what is in use
   */
  public void ended(long used) {
    size = kind == Kind.COUNTED ? used : 0;
  }

  /**
   * A flow was looked at.
   *
   * @param bytes that passed since the last time
   * @param unused that might have passed as well
   * @param idle whether nobody takes of it any more: then more is unused than is known
   * @param now nanoseconds
   */
  public void looked(long bytes, long unused, boolean idle, long now) {
    flow.looked(bytes, unused, idle, limit, now);
  }

  /** What of a flow passes now, in bytes per second, as it was looked at. */
  public long passing() {
    return flow.passing();
  }

  /** What this server holds: nobody else may have it. */
  public long held(long used) {
    return kind == Kind.COUNTED ? Math.max(size, used) : size;
  }

  /**
   * What this server could use: what it used lately, and those it refused; of a rate, at least what
   * those who come need. A flow that others lack is less from here on, where less is wanted: what
   * it holds can be told with the same call.
   *
   * @param used in use now; not of a flow, which is {@link #looked} at
   * @param newlyPassed clients let in since the last time; for a rate
   * @param newlyRefused clients refused since the last time; for a flow, anything but 0: bytes wait
   * @param now nanoseconds
   */
  public long want(long used, long newlyPassed, long newlyRefused, long now) {
    long room = limit / (ROOM * members);
    if (kind == Kind.FLOWING) {
      asked = flow.want(size, room / 2, limit / members, limit, scarce, newlyRefused > 0);
      if (scarce && (size - asked) * COARSE >= size) {
        resize(Math.min(size, asked), now);
      }
      return asked;
    }
    // They came in the while that may be over now.
    refused += newlyRefused;
    lately.add(newlyPassed + newlyRefused, now);
    longer.add(newlyPassed + newlyRefused, now);
    turn(now);
    peak = Math.max(peak, used);
    long had = Math.max(peak, peakBefore) + refused + refusedBefore;
    return Math.min(limit, Math.max(had, coming(used)) + room);
  }

  /**
   * What a rate needs for as many as come now. Its window remembers for longer than two whiles how
   * clients came: while one part of it goes by some are refused, and in another none, at the same
   * demand. What was refused lately is then at times too little, and the part would go to and fro.
   */
  private long coming(long used) {
    double perNano = Math.min(lately.perNano(), longer.perNano());
    // Of a long window no more than will come soon: one client in an hour is no demand for all.
    double need = Math.min(perNano * windowNanos, used + perNano * AHEAD_NANOS);
    return (long) Math.ceil(Math.min((double) limit, need));
  }

  /** Begins another while, where this one is over. */
  private void turn(long now) {
    // Asked for seldom, a while is from one time to the next.
    long length = Math.max(WHILE_NANOS, now - askedAt);
    askedAt = now;
    if (!begun || now - whileSince >= length) {
      peakBefore = peak;
      refusedBefore = refused;
      peak = 0;
      refused = 0;
      whileSince = now;
      begun = true;
    }
  }

  /**
   * Redis has answered.
   *
   * @param granted what this server may have
   * @param target what it should come to
   * @param all how many servers there are
   * @param now nanoseconds
   */
  public void answered(long granted, long target, int all, long now) {
    members = Math.max(1, all);
    long next = Math.min(granted, Math.max(0, target));
    if (kind == Kind.COUNTED) {
      // Also below what is in use: nobody new is let in until enough have ended.
      size = next;
      return;
    }
    scarce = target <= asked;
    boolean much = Math.abs(next - size) * COARSE >= size;
    if (much || next > size && next == target || now - changedAt >= CALM_NANOS) {
      resize(next, now);
    }
  }

  private void resize(long to, long now) {
    if (to != size) {
      size = to;
      changedAt = now;
    }
  }
}
