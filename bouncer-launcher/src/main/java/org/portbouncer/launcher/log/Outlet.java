package org.portbouncer.launcher.log;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.Pipes;

/**
 * The way out to a descriptor that is shared with others: the mother's standard output or error. A
 * thread of its own writes there, and it alone may have to wait: whoever has a line puts it into a
 * bounded queue and goes on. Lines that find the queue full are left out and counted, until half of
 * it is free; then a line in their place says how many they were.
 *
 * <p>In the mother; all but the writing from any thread.
 */
final class Outlet {

  /** Bytes that wait at most; of log lines, some two thousand. */
  static final int MOST_BYTES = 256 * 1024;

  /** Whole lines in writes of this size do not mix with others' on a pipe (pipe(7), PIPE_BUF). */
  private static final int ATOMIC = 4096;

  /** Lines, or, where there is no text, the place of lines that were left out. */
  private record Entry(byte[] text, long leftOut) {
    int length() {
      return text == null ? 0 : text.length;
    }
  }

  private final int fd;
  private final LongFunction<byte[]> notice;
  private final MemorySegment memory = Native.allocate(ATOMIC);

  // Guarded by this object.
  private final ArrayDeque<Entry> queue = new ArrayDeque<>();
  private int queued;
  private boolean full;
  private boolean writing;

  /** The last write failed: whoever reads has gone, or the disk is full. */
  private boolean broken;

  private long leftOut;
  private long unsaid;

  /**
   * Begins to write to {@code fd}, which stays the caller's.
   *
   * @param name of the thread
   * @param notice makes the line, with its end, that stands for so many that were left out
   */
  Outlet(int fd, String name, LongFunction<byte[]> notice) {
    this.fd = fd;
    this.notice = notice;
    Thread.ofPlatform().name(name).daemon().start(this::run);
  }

  /**
   * Has a line written.
   *
   * @param line with its end
   * @return false where it was left out
   */
  synchronized boolean offer(byte[] line) {
    if (queued + line.length > (full ? MOST_BYTES / 2 : MOST_BYTES)) {
      full = true;
      leftOut++;
      unsaid++;
      return false;
    }
    full = false;
    if (unsaid > 0) {
      queue.add(new Entry(null, unsaid));
      unsaid = 0;
    }
    queue.add(new Entry(line, 0));
    queued += line.length;
    notifyAll();
    return true;
  }

  /** Lines left out since the start. */
  synchronized long leftOut() {
    return leftOut;
  }

  /**
   * Waits until all is written, for so long at most: a reader that does not read keeps nobody.
   *
   * @return false where something is left
   */
  synchronized boolean drain(long nanos) {
    long until = System.nanoTime() + nanos;
    while (!queue.isEmpty() || writing || unsaid > 0 && !broken) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }

  // The thread that writes.

  private void run() {
    try {
      while (true) {
        Entry next = take();
        byte[] text = next.text() == null ? notice.apply(next.leftOut()) : next.text();
        written(next, text, write(text));
      }
    } catch (InterruptedException e) {
      // Nobody does: it ends with the process.
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void written(Entry entry, byte[] text, int bytes) {
    broken = bytes < text.length;
    if (broken && entry.text() == null) {
      unsaid += entry.leftOut();
    } else if (broken) {
      long lost = lines(text, bytes);
      leftOut += lost;
      unsaid += lost;
    }
    writing = false;
    notifyAll();
  }

  /** Waits for something to write: as many lines as one write takes, or a longer one alone. */
  private synchronized Entry take() throws InterruptedException {
    while (queue.isEmpty()) {
      if (unsaid > 0 && !broken) {
        queue.add(new Entry(null, unsaid));
        unsaid = 0;
        break;
      }
      wait();
    }
    writing = true;
    Entry first = queue.remove();
    queued -= first.length();
    if (first.text() == null) {
      return first;
    }
    int length = first.length();
    for (Entry next : queue) {
      if (next.text() == null || length + next.length() > ATOMIC) {
        break;
      }
      length += next.length();
    }
    byte[] together = new byte[length];
    System.arraycopy(first.text(), 0, together, 0, first.length());
    for (int at = first.length(); at < length; ) {
      Entry next = queue.remove();
      System.arraycopy(next.text(), 0, together, at, next.length());
      at += next.length();
      queued -= next.length();
    }
    return new Entry(together, 0);
  }

  /** Returns how many bytes were written, less than all where that failed. */
  private int write(byte[] text) {
    int done = 0;
    while (done < text.length) {
      int length = Math.min(ATOMIC, text.length - done);
      MemorySegment.copy(text, done, memory, JAVA_BYTE, 0, length);
      long written = Libc.write(fd, memory.address(), length);
      if (written == -Errno.EAGAIN) {
        // Somebody who shares it has set it so.
        Pipes.awaitWritable(fd, -1);
      } else if (written < 0 && written != -Errno.EINTR) {
        break;
      } else {
        done += (int) Math.max(0, written);
      }
    }
    return done;
  }

  /** How many lines end from there on. */
  private static long lines(byte[] text, int from) {
    long lines = 0;
    for (int at = from; at < text.length; at++) {
      lines += text[at] == '\n' ? 1 : 0;
    }
    return lines;
  }
}
