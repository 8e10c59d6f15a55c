package org.portbouncer.io;

import java.util.ArrayDeque;
import java.util.function.LongSupplier;

/**
 * The pipes of an io worker. A direction has one only while bytes are in it, so a few serve all.
 * Pipes are a convenience: they are limited in number, so that descriptors stay for sessions, and
 * where the kernel gives none, bytes are copied. One thread.
 */
final class PipePool {

  private static final int KEPT = 16;

  /**
   * After a refusal nobody asks for so long: an attempt per read would cost more than it brings.
   */
  private static final long PATIENCE_NANOS = 1_000_000_000;

  /** Hears of what the kernel does not give, when that begins. */
  interface Refusal {
    void refused(String what, int errno);
  }

  private final ArrayDeque<Pipe> free = new ArrayDeque<>(KEPT);
  private final Pipe.Maker maker;
  private final LongSupplier clock;
  private final Refusal onRefusal;
  private final int most;
  private int open;
  private boolean refused;

  /** Set where splice(2) is not for this process: pipes are no use then. */
  private boolean useless;

  private long refusedAt;
  private long refusals;

  /**
   * A pool without pipes yet.
   *
   * @param most pipes at the same time, each with a reader too slow for what its source sends
   * @param clock in nanoseconds, the loop's
   * @param onRefusal told when pipes begin to be refused, and when splice(2) is
   */
  PipePool(Pipe.Maker maker, int most, LongSupplier clock, Refusal onRefusal) {
    this.maker = maker;
    this.most = most;
    this.clock = clock;
    this.onRefusal = onRefusal;
  }

  /** An empty pipe, or null where there is none to be had now. */
  Pipe obtain() {
    Pipe pipe = free.poll();
    return pipe != null ? pipe : make();
  }

  private Pipe make() {
    if (useless || open >= most || (refused && clock.getAsLong() - refusedAt < PATIENCE_NANOS)) {
      return null;
    }
    int result = maker.make(Pipe.pair());
    if (result < 0) {
      refusals++;
      refusedAt = clock.getAsLong();
      if (!refused) {
        refused = true;
        onRefusal.refused("pipe", -result);
      }
      return null;
    }
    refused = false;
    open++;
    return Pipe.ofPair();
  }

  /** Counts one that came with a session. */
  void countResumed() {
    open++;
  }

  /** Takes a pipe back. One with bytes in it is closed: they are nobody else's. */
  void release(Pipe pipe) {
    if (pipe.lasts() && pipe.isEmpty() && free.size() < KEPT && !useless) {
      free.push(pipe);
    } else {
      pipe.close();
      open--;
    }
  }

  /**
   * Gives no pipe from now on: splice(2) is refused with {@code errno}, and what refuses it (a
   * filter of system calls, a kernel without it) does not change while a process lives.
   */
  void giveUp(int errno) {
    if (!useless) {
      useless = true;
      onRefusal.refused("splice(2)", errno);
      trim();
    }
  }

  /** Pipes that exist, in use or not. */
  int open() {
    return open;
  }

  /** How often the kernel gave none. */
  long refusals() {
    return refusals;
  }

  /** Closes what nobody uses. */
  void trim() {
    Pipe pipe;
    while ((pipe = free.poll()) != null) {
      pipe.close();
      open--;
    }
  }
}
