package org.portbouncer.core.loop;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.Consumer;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

/**
 * One thread, one epoll descriptor, one queue of timers. Every worker runs one, and the mother one
 * for accepting and supervising. Allocates nothing while it runs, but for growing its tables.
 *
 * <p>An event carries the {@link Pollable}'s place and that place's generation, so that an event
 * fetched in the same batch in which its pollable was removed reaches nobody, least of all the one
 * that took the place over.
 *
 * <p>Timers look after the events: one that is due expires once everything that was ready when it
 * was due has been handled. A process that was stopped for a while finds its timers due and its
 * sockets full; see docs/decisions/019.
 */
public final class EventLoop {

  /** epoll_event is packed on x86-64 alone (epoll_ctl(2)). */
  private static final boolean PACKED = System.getProperty("os.arch").equals("amd64");

  private static final int EVENT_BYTES = PACKED ? 12 : 16;
  private static final int DATA_OFFSET = PACKED ? 4 : 8;
  private static final int BATCH = 256;

  private final int epfd =
      SystemCallException.check("epoll_create1", Libc.epollCreate1(Const.EPOLL_CLOEXEC));
  private final MemorySegment events = Native.allocate((long) EVENT_BYTES * BATCH);
  private final MemorySegment change = Native.allocate(16);
  private final Timers timers = new Timers();

  private Pollable[] byPlace = new Pollable[64];
  private int[] generation = new int[64];
  private int[] free = new int[64];
  private int freeCount;
  private int used;

  private long now = System.nanoTime();
  private final Stalls stalls = new Stalls(now);

  /** What was ready by then has been handled once the kernel has told all it has to tell. */
  private long lookedFrom = now;

  /** Turns since then in which the kernel had more to tell than fits. */
  private int fullTurns;

  /** Told of what fails; null where that ends the loop. */
  private Consumer<RuntimeException> failed;

  private boolean stopped;

  /** Work done once a turn, after all events: flushing what the turn gathered. */
  public interface Turn {
    /** Returns true where work is left, and the next turn must not wait. */
    boolean endOfTurn(long now);
  }

  /** CLOCK_MONOTONIC in nanoseconds, as of the last wake-up. The same clock in all processes. */
  public long now() {
    return now;
  }

  public Timers timers() {
    return timers;
  }

  /** When the loop did not turn though it should have. */
  public Stalls stalls() {
    return stalls;
  }

  /**
   * How much of the time since then the loop turned, in nanoseconds: what a wait for others is
   * measured by.
   */
  public long turned(long since) {
    return now - since - stalls.since(since);
  }

  /**
   * Watches {@code fd} for {@code pollable}: a descriptor that this process made, of a kind that
   * can be watched.
   *
   * @param events as epoll_ctl(2) takes them, EPOLLET included
   * @throws SystemCallException where epoll cannot take it
   */
  public void add(Pollable pollable, int fd, int events) {
    int errno = tryAdd(pollable, fd, events);
    if (errno != 0) {
      throw new SystemCallException("epoll_ctl", errno);
    }
  }

  /**
   * As {@link #add}, of a descriptor that came from elsewhere, or where more watches than the user
   * may have (epoll(7), max_user_watches) are no reason to end.
   *
   * @return 0 or the errno: ENOSPC and ENOMEM for a shortage ({@link Errno#isWatchLimit}), EPERM
   *     for a file, EBADF for what is no descriptor, ELOOP and EINVAL for another epoll
   */
  public int tryAdd(Pollable pollable, int fd, int events) {
    int place;
    if (freeCount > 0) {
      place = free[--freeCount];
    } else {
      if (used == byPlace.length) {
        byPlace = Arrays.copyOf(byPlace, used * 2);
        generation = Arrays.copyOf(generation, used * 2);
        free = Arrays.copyOf(free, used * 2);
      }
      place = used++;
    }
    byPlace[place] = pollable;
    pollable.place = place;
    int result = control(Const.EPOLL_CTL_ADD, fd, events, place);
    if (result < 0) {
      release(pollable);
      return -result;
    }
    return 0;
  }

  /** Changes what {@code fd} is watched for. */
  public void change(Pollable pollable, int fd, int events) {
    SystemCallException.check(
        "epoll_ctl", control(Const.EPOLL_CTL_MOD, fd, events, pollable.place));
  }

  /** Stops watching a descriptor that stays open. */
  public void remove(Pollable pollable, int fd) {
    if (pollable.registered()) {
      Libc.epollCtl(epfd, Const.EPOLL_CTL_DEL, fd, change.address());
      release(pollable);
    }
  }

  /**
   * Forgets a pollable whose descriptor its owner closes. The close takes the descriptor out of
   * epoll, or, where another process holds the same description, that one's close does. Until then
   * its events reach nobody; watched level-triggered they would come again and again: use {@link
   * #remove} there.
   */
  public void forget(Pollable pollable) {
    if (pollable.registered()) {
      release(pollable);
    }
  }

  private void release(Pollable pollable) {
    int place = pollable.place;
    byPlace[place] = null;
    generation[place]++;
    free[freeCount++] = place;
    pollable.place = -1;
  }

  private int control(int operation, int fd, int wanted, int place) {
    change.set(JAVA_INT_UNALIGNED, 0, wanted);
    change.set(
        JAVA_LONG_UNALIGNED, DATA_OFFSET, (long) generation[place] << 32 | place & 0xffff_ffffL);
    return Libc.epollCtl(epfd, operation, fd, change.address());
  }

  /**
   * Has the loop outlive what fails in it: an event, a timer (which comes again a second later, if
   * it has not been set by then), the end of a turn. Without this a failure ends {@link #run}.
   *
   * @param whom told of each, on the loop's thread
   */
  public void outlive(Consumer<RuntimeException> whom) {
    failed = whom;
  }

  /** Runs until {@link #stop} is called from within. */
  public void run(Turn turn) {
    boolean more = false;
    while (!stopped) {
      more = once(turn, more);
    }
  }

  /** A method of its own, because the compiler counts calls: a loop that never ends is late. */
  private boolean once(Turn turn, boolean more) {
    if (fullTurns == 0) {
      lookedFrom = now;
    }
    if (poll(more)) {
      fullTurns = 0;
      timers.expire(lookedFrom, failed);
    }
    return endOfTurn(turn);
  }

  /** Gives its descriptor back, for a process that goes on without it. */
  public void close() {
    Libc.close(epfd);
  }

  /** Ends {@link #run} after the present turn. */
  public void stop() {
    stopped = true;
  }

  /** Waits for events and handles them; true where all that was ready before has been handled. */
  private boolean poll(boolean more) {
    int timeoutMs = 0;
    if (!more) {
      long wait = timers.untilNext(System.nanoTime());
      // Rounded up: waking a fraction early would only mean another turn around the loop.
      timeoutMs = wait < 0 ? -1 : (int) Math.min(Integer.MAX_VALUE, (wait + 999_999) / 1_000_000);
    }
    int count = Libc.epollWait(epfd, events.address(), BATCH, timeoutMs);
    long before = now;
    now = System.nanoTime();
    if (now - before > Stalls.LEAST_NANOS) {
      late(before, timeoutMs, count);
    }
    if (count < 0) {
      return interrupted(-count);
    }
    for (int i = 0; i < count; i++) {
      long at = (long) i * EVENT_BYTES;
      long data = events.get(JAVA_LONG_UNALIGNED, at + DATA_OFFSET);
      int place = (int) data;
      Pollable pollable = byPlace[place];
      if (pollable != null && generation[place] == (int) (data >>> 32)) {
        handle(pollable, events.get(JAVA_INT_UNALIGNED, at));
      }
    }
    // The kernel tells in turn: after so many turns each descriptor has had its own, however busy
    // the others are.
    return count < BATCH || ++fullTurns > used / BATCH;
  }

  private void handle(Pollable pollable, int ready) {
    if (failed == null) {
      pollable.ready(ready);
      return;
    }
    try {
      pollable.ready(ready);
    } catch (RuntimeException e) {
      failed.accept(e);
    }
  }

  private boolean endOfTurn(Turn turn) {
    if (failed == null) {
      return turn.endOfTurn(now);
    }
    try {
      return turn.endOfTurn(now);
    } catch (RuntimeException e) {
      failed.accept(e);
      return false;
    }
  }

  /**
   * A wait ends so where the process was stopped and goes on (signal(7)); nothing is known then of
   * what is ready.
   */
  private static boolean interrupted(int errno) {
    if (errno != Errno.EINTR) {
      throw new SystemCallException("epoll_wait", errno);
    }
    return false;
  }

  /** Notes a stall, unless the time went by with waiting as long as was asked for. */
  private void late(long before, int timeoutMs, int count) {
    long asked = timeoutMs * 1_000_000L;
    if (count == -Errno.EINTR) {
      asked = 0;
    } else if (timeoutMs < 0) {
      return;
    }
    if (now - before - asked > Stalls.LEAST_NANOS) {
      stalls.note(before + asked, now);
    }
  }
}
