package org.portbouncer.core.loop;

import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Timers in a binary heap that knows where each of them stands, so that setting, moving and
 * clearing one allocates nothing and the next due time is at the top. One per loop, on its thread.
 *
 * <p>A heap and not a wheel: a session sets one timer and lets it run late (it looks at the last
 * activity when it expires and sets it again), so changes are rare, while a wheel would wake the
 * worker for every tick of an idle night.
 */
public final class Timers {

  /** When a timer that failed comes again. */
  private static final long AGAIN_NANOS = 1_000_000_000;

  private Timer[] heap = new Timer[64];
  private int size;

  /** Sets {@code timer} to {@code due}, wherever it stood before. */
  public void set(Timer timer, long due) {
    timer.due = due;
    if (timer.place < 0) {
      if (size == heap.length) {
        heap = Arrays.copyOf(heap, size * 2);
      }
      timer.place = size;
      heap[size++] = timer;
    }
    up(timer.place);
    down(timer.place);
  }

  /** Clears {@code timer}; nothing happens where it is not set. */
  public void clear(Timer timer) {
    int place = timer.place;
    if (place < 0) {
      return;
    }
    timer.place = -1;
    Timer last = heap[--size];
    heap[size] = null;
    if (place != size) {
      last.place = place;
      heap[place] = last;
      up(place);
      down(last.place);
    }
  }

  /** Nanoseconds from {@code now} to the next due time, at least 0; -1 where no timer is set. */
  public long untilNext(long now) {
    return size == 0 ? -1 : Math.max(0, heap[0].due - now);
  }

  /** Calls every timer that is due; one that fails ends this. */
  public void expire(long now) {
    expire(now, null);
  }

  /**
   * Calls every timer that is due.
   *
   * @param failed told of one that fails, which comes again a second later unless it has been set;
   *     null where a failure is the caller's
   */
  void expire(long now, Consumer<RuntimeException> failed) {
    while (size > 0 && heap[0].due - now <= 0) {
      Timer timer = heap[0];
      clear(timer);
      if (failed == null) {
        timer.expired(now);
      } else {
        expire(timer, now, failed);
      }
    }
  }

  private void expire(Timer timer, long now, Consumer<RuntimeException> failed) {
    try {
      timer.expired(now);
    } catch (RuntimeException e) {
      failed.accept(e);
      if (timer.place < 0) {
        set(timer, now + AGAIN_NANOS);
      }
    }
  }

  public int size() {
    return size;
  }

  private void up(int place) {
    Timer timer = heap[place];
    while (place > 0) {
      int parent = (place - 1) >>> 1;
      if (heap[parent].due - timer.due <= 0) {
        break;
      }
      move(heap[parent], place);
      place = parent;
    }
    move(timer, place);
  }

  private void down(int place) {
    Timer timer = heap[place];
    while (true) {
      int child = 2 * place + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && heap[child + 1].due - heap[child].due < 0) {
        child++;
      }
      if (timer.due - heap[child].due <= 0) {
        break;
      }
      move(heap[child], place);
      place = child;
    }
    move(timer, place);
  }

  private void move(Timer timer, int place) {
    heap[place] = timer;
    timer.place = place;
  }
}
