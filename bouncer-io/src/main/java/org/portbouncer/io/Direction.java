package org.portbouncer.io;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;

/**
 * The bytes of a session that flow one way. Reads only what it can write or has room to keep: a
 * peer that does not read stops its own source and nobody else. In the io worker, on its loop's
 * thread.
 */
final class Direction {

  /** Reads in one turn before others get theirs. */
  private static final int READS_PER_TURN = 8;

  private final TransferBuffers buffers;
  private Side from;
  private Side to;

  /** What was read and not yet written; null where nothing is. */
  private MemorySegment pending;

  private int pendingAt;
  private int pendingEnd;
  private boolean sourceEnded;
  private boolean closed;
  private boolean discarding;
  private long bytes;

  /** Set by {@link #pump} where it stopped for fairness alone. */
  private boolean more;

  Direction(TransferBuffers buffers) {
    this.buffers = buffers;
  }

  void open(Side from, Side to) {
    this.from = from;
    this.to = to;
    sourceEnded = false;
    closed = false;
    discarding = false;
    more = false;
    bytes = 0;
  }

  /** Gives back its memory. */
  void release() {
    dropPending();
    from = null;
    to = null;
  }

  private void dropPending() {
    if (pending != null) {
      buffers.release(pending);
      pending = null;
    }
  }

  /** Bytes that were written to the other side. */
  long bytes() {
    return bytes;
  }

  /** Whether the source has ended and the other side has been told. */
  boolean closed() {
    return closed;
  }

  /** Whether bytes wait that were read and not yet written. */
  boolean hasPending() {
    return pending != null;
  }

  /** Whether everything the source sent has been written: it ended, and nothing waits. */
  boolean drained() {
    return sourceEnded && pending == null;
  }

  /** Whether {@link #pump} has work it left for the next turn. */
  boolean more() {
    return more;
  }

  /** The reader is gone: nothing more can be delivered. */
  void discard() {
    dropPending();
    discarding = true;
    sourceEnded = true;
    closed = true;
  }

  /**
   * Moves what can be moved now.
   *
   * @return true where bytes moved, which counts as activity
   */
  boolean pump() {
    long before = bytes;
    more = false;
    for (int reads = 0; !closed; reads++) {
      if (pending != null && !writePending()) {
        break;
      }
      if (sourceEnded) {
        finish();
        break;
      }
      if (!from.readable()) {
        break;
      }
      if (reads == READS_PER_TURN) {
        more = true;
        break;
      }
      if (!to.writable()) {
        // Asking for room before reading: data stays in the kernel, where it holds the sender back.
        break;
      }
      if (!transfer()) {
        break;
      }
    }
    return bytes != before;
  }

  /** Passes the end of the stream on, unless it ended by a reset: the flow passes that on. */
  private void finish() {
    if (!from.wasReset()) {
      to.shutdownWrite();
      closed = true;
    }
  }

  /** One read and one write. */
  private boolean transfer() {
    MemorySegment shared = buffers.shared();
    long read = Libc.read(from.fd(), shared.address(), TransferBuffers.BYTES);
    if (read <= 0) {
      return readEnded((int) read);
    }
    if (read < TransferBuffers.BYTES) {
      from.readShort();
    }
    long written = Libc.write(to.fd(), shared.address(), read);
    if (written < 0) {
      if (!writeFailed((int) -written)) {
        return false;
      }
      written = 0;
    }
    bytes += written;
    if (written < read) {
      keep(shared, (int) written, (int) (read - written));
    }
    return true;
  }

  /** Whether to go on after a read that gave nothing. */
  private boolean readEnded(int result) {
    switch (-result) {
      case 0 -> {
        sourceEnded = true;
        from.readNothing();
      }
      case Errno.EAGAIN -> {
        from.readNothing();
        return false;
      }
      case Errno.EINTR -> {}
      default -> {
        from.markReset();
        from.readNothing();
        sourceEnded = true;
      }
    }
    return true;
  }

  /** Whether the bytes are to be kept and tried again. */
  private boolean writeFailed(int errno) {
    if (errno == Errno.EINTR) {
      return true;
    }
    if (errno == Errno.EAGAIN || errno == Errno.ENOBUFS || errno == Errno.ENOMEM) {
      to.full();
      return true;
    }
    to.markReset();
    discard();
    return false;
  }

  private void keep(MemorySegment shared, int at, int length) {
    pending = buffers.obtain();
    MemorySegment.copy(shared, at, pending, 0, length);
    pendingAt = 0;
    pendingEnd = length;
    to.full();
  }

  /** Whether nothing is left. */
  private boolean writePending() {
    while (pendingAt < pendingEnd) {
      if (!to.writable()) {
        return false;
      }
      long written = Libc.write(to.fd(), pending.address() + pendingAt, pendingEnd - pendingAt);
      if (written < 0) {
        if (!writeFailed((int) -written)) {
          return false;
        }
      } else {
        pendingAt += (int) written;
        bytes += written;
        if (pendingAt < pendingEnd) {
          to.full();
        }
      }
    }
    dropPending();
    return true;
  }

  boolean discarded() {
    return discarding;
  }
}
