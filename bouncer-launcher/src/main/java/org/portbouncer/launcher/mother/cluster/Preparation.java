package org.portbouncer.launcher.mother.cluster;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;

/**
 * The time until the cluster's process of a server that follows another has reached Redis: parts
 * are good for so short a time that the start of a process in between could outlast it. In the
 * mother, on her loop's thread.
 */
final class Preparation extends Timer {

  /** Redis may be away: the server before has told that, and this one follows all the same. */
  private static final long PATIENCE_NANOS = 5_000_000_000L;

  private final EventLoop loop;
  private Runnable then;
  private boolean over = true;

  Preparation(EventLoop loop) {
    this.loop = loop;
  }

  /** It begins. */
  void begin() {
    over = false;
    loop.timers().set(this, loop.now() + PATIENCE_NANOS);
  }

  /** What is to be done when it is over: at once where it is, or never began. */
  void then(Runnable next) {
    if (over) {
      next.run();
    } else {
      then = next;
    }
  }

  /** It is over, however it went. */
  void end() {
    if (over) {
      return;
    }
    over = true;
    loop.timers().clear(this);
    if (then != null) {
      then.run();
    }
  }

  @Override
  protected void expired(long now) {
    end();
  }
}
