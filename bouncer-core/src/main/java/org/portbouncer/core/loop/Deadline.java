package org.portbouncer.core.loop;

/**
 * A time limit on somebody else: a peer, a target, another process. Only time in which the loop
 * turned counts ({@link Stalls}), for what comes while it does not is seen late. Belongs to the
 * thread of its loop.
 */
public abstract class Deadline extends Timer {

  private final EventLoop loop;
  private long since;
  private long limit;

  protected Deadline(EventLoop loop) {
    this.loop = loop;
  }

  /**
   * Begins to wait.
   *
   * @param since when the wait began, by the loop's clock
   * @param nanos how long it may last
   */
  public final void begin(long since, long nanos) {
    this.since = since;
    this.limit = nanos;
    loop.timers().set(this, since + nanos);
  }

  /** Ends the wait; nothing happens where there is none. */
  public final void end() {
    loop.timers().clear(this);
  }

  /** The time is over, and all that had come by {@code now} has been looked at. */
  protected abstract void over(long now);

  @Override
  protected final void expired(long now) {
    long left = limit - (now - since - loop.stalls().since(since));
    if (left > 0) {
      loop.timers().set(this, now + left);
    } else {
      over(now);
    }
  }
}
