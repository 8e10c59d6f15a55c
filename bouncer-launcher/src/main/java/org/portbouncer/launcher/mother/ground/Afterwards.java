package org.portbouncer.launcher.mother.ground;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;

/**
 * What has time until those are served who waited for the start, on cores that are all theirs. In
 * the mother, on her loop's thread.
 */
public final class Afterwards extends Timer {

  private static final long FIRST_CLIENTS_NANOS = 1_000_000_000;

  private final Runnable task;

  private Afterwards(Runnable task) {
    this.task = task;
  }

  /** Runs it in a while, once. */
  public static void run(EventLoop loop, Runnable task) {
    loop.timers().set(new Afterwards(task), loop.now() + FIRST_CLIENTS_NANOS);
  }

  @Override
  protected void expired(long now) {
    task.run();
  }
}
