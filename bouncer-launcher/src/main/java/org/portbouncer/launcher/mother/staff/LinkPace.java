package org.portbouncer.launcher.mother.staff;

import java.util.function.IntSupplier;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.Const;

/**
 * How much of the mother's time a worker's link gets: a few packets in each turn of her loop, and
 * no more in a second than a worker in its right mind ever has to say. Beyond that the link is not
 * looked at until the second is over, and the worker finds it full. On the thread of her loop.
 */
final class LinkPace extends Timer {

  /** Packets taken in one turn; others want theirs. */
  static final int PER_TURN = 64;

  private static final int PER_SECOND = 2000;
  private static final long SECOND_NANOS = 1_000_000_000;

  private final EventLoop loop;
  private final Pollable link;
  private final IntSupplier fd;
  private int taken;
  private boolean paused;

  LinkPace(EventLoop loop, Pollable link, IntSupplier fd) {
    this.loop = loop;
    this.link = link;
    this.fd = fd;
  }

  /** So many packets were taken. The end of the other side shows in a pause, too. */
  void taken(int packets) {
    taken += packets;
    if (packets > 0 && !isSet()) {
      loop.timers().set(this, loop.now() + SECOND_NANOS);
    }
    if (taken > PER_SECOND && !paused && link.registered()) {
      paused = true;
      loop.change(link, fd.getAsInt(), 0);
    }
  }

  @Override
  protected void expired(long now) {
    taken = 0;
    if (paused && link.registered()) {
      loop.change(link, fd.getAsInt(), Const.EPOLLIN);
    }
    paused = false;
  }

  /** The link has ended; another one begins anew. */
  void end() {
    loop.timers().clear(this);
    taken = 0;
    paused = false;
  }
}
