package org.portbouncer.io;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.Libc;

/**
 * Through the worker's one buffer with read(2) and write(2): the cheapest way for a few kilobytes,
 * and the only one for what splice(2) cannot do. Memory of its own is held only while a slow reader
 * leaves a remainder. In the io worker, on its loop's thread.
 */
final class CopyPath implements Path {

  private final TransferBuffers buffers;

  /** Holds the remainder between turns; null while there is none. */
  private MemorySegment held;

  private int at;
  private int end;

  /** Of the bytes from {@code at} on: what goes before those of the source. */
  private int lead;

  CopyPath(TransferBuffers buffers) {
    this.buffers = buffers;
  }

  @Override
  public long room() {
    return (long) TransferBuffers.BYTES - lead;
  }

  /** Puts bytes before those that are taken next. */
  void lead(MemorySegment from, long fromAt, int length) {
    MemorySegment.copy(from, fromAt, buffers.shared(), 0, length);
    at = 0;
    end = length;
    lead = length;
  }

  @Override
  public long take(int fd, long max) {
    long read = Libc.read(fd, buffers.shared().address() + lead, max);
    at = 0;
    end = lead + (int) Math.max(0, read);
    return read;
  }

  @Override
  public long give(int fd) {
    MemorySegment from = held != null ? held : buffers.shared();
    long written = Libc.write(fd, from.address() + at, end - at);
    if (written > 0) {
      at += (int) written;
      if (lead > 0) {
        return written - led((int) written);
      }
      if (at == end) {
        drop();
      }
    }
    return written;
  }

  /** How many of the bytes that were written were no source's. */
  private int led(int written) {
    int led = Math.min(lead, written);
    lead -= led;
    if (at == end) {
      drop();
    }
    return led;
  }

  /**
   * Takes bytes of a session that goes on here, as {@link #settle} had left them in another
   * process.
   *
   * @param fd a memory file that holds them, from where it stands
   * @return false where it does not
   */
  boolean resume(int fd, int bytes) {
    held = buffers.obtain();
    at = 0;
    end = (int) Math.max(0, Libc.read(fd, held.address(), Math.min(bytes, TransferBuffers.BYTES)));
    if (end == bytes) {
      return true;
    }
    drop();
    return false;
  }

  /** Where the bytes are that are held between turns. */
  long address() {
    return held.address() + at;
  }

  int bytes() {
    return end - at;
  }

  @Override
  public boolean isEmpty() {
    return at == end;
  }

  /** The shared buffer is the next one's in a moment. */
  @Override
  public void settle() {
    if (held == null && at < end) {
      held = buffers.obtain();
      MemorySegment.copy(buffers.shared(), at, held, 0, end - at);
      end -= at;
      at = 0;
    }
  }

  @Override
  public void drop() {
    at = 0;
    end = 0;
    lead = 0;
    if (held != null) {
      buffers.release(held);
      held = null;
    }
  }
}
