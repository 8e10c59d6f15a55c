package org.portbouncer.io;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.shared.Throttle;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;

/**
 * The bytes of a session that flow one way. Reads only what it can write or has room to keep: a
 * peer that does not read stops its own source and nobody else. Small transfers are copied; a flow
 * that keeps coming is spliced, until it slows down. In the io worker, on its loop's thread.
 */
final class Direction {

  /** What one turn may take and move before others get theirs: docs/performance.md, "Sizes". */
  private static final int TAKES_PER_TURN = 8;

  private static final long BYTES_PER_TURN = 1 << 20;

  private final EventLoop loop;
  private final FlowNotes notes;
  private final CopyPath copy;
  private final SplicePath splice;
  private final PathChoice choice;
  private Side from;
  private Side to;

  /** Null where the session has no bandwidth class. */
  private Throttle throttle;

  /** The one of the two that was used last; where anything is in transit, it is there. */
  private Path path;

  private boolean sourceEnded;
  private boolean closed;
  private boolean discarding;

  /** What a call said that failed on this side of the sockets; 0 while none has. */
  private int failure;

  private long bytes;

  /** Set by {@link #pump} where it stopped for fairness alone. */
  private boolean more;

  Direction(EventLoop loop, TransferBuffers buffers, FlowNotes notes) {
    this.loop = loop;
    this.notes = notes;
    copy = new CopyPath(buffers);
    splice = new SplicePath(buffers.pipes(), notes);
    choice = new PathChoice(copy, splice);
    path = copy;
  }

  /**
   * Begins with a session.
   *
   * @param record the session's
   * @param bytes that were written to the other side already
   */
  void open(int record, Side from, Side to, Throttle throttle, long bytes) {
    notes.open(record);
    this.from = from;
    this.to = to;
    this.throttle = throttle;
    path = copy;
    choice.begin();
    sourceEnded = false;
    closed = false;
    discarding = false;
    failure = 0;
    more = false;
    this.bytes = bytes;
  }

  /**
   * Takes over what was on its way in another process: it goes out before anything else is read.
   *
   * @param fd a pipe's reading end, or a memory file; this direction's from here on
   * @param inPipe which of the two
   * @param carried bytes
   * @return false where they are not there
   */
  boolean resume(int fd, boolean inPipe, int carried) {
    if (inPipe) {
      splice.resume(fd, carried);
      path = splice;
      return true;
    }
    boolean there = copy.resume(fd, carried);
    Libc.close(fd);
    if (there) {
      notes.held(bytes, copy);
    }
    return there;
  }

  /**
   * Has bytes go to the other side before all else, in one write with what the source has said by
   * now. They are in hand from here on, and written by {@link #pump}.
   */
  void lead(MemorySegment from, long at, int length) {
    notes.inHand(bytes);
    copy.lead(from, at, length);
    // What waits for its turn in a class does not hold them up.
    if (throttle == null && this.from.readable()) {
      take(Throttle.UNLIMITED);
    }
  }

  /** Gives back its memory. */
  void release() {
    dropPending();
    unthrottle();
    from = null;
    to = null;
  }

  private void dropPending() {
    copy.drop();
    splice.drop();
  }

  private void unthrottle() {
    if (throttle != null) {
      throttle.end(loop.now());
      throttle = null;
    }
  }

  /** Whether bytes are there that wait for the rate of the session's class. */
  boolean throttled() {
    return throttle != null && throttle.waiting();
  }

  /** When they may go on; only while {@link #throttled}. */
  long due() {
    return throttle.due();
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
    return !copy.isEmpty() || !splice.isEmpty();
  }

  /** Whether everything the source sent has been written: it ended, and nothing waits. */
  boolean drained() {
    return sourceEnded && !hasPending();
  }

  /** Whether {@link #pump} has work it left for the next turn. */
  boolean more() {
    return more;
  }

  /** The reader is gone: nothing more can be delivered. */
  void discard() {
    dropPending();
    notes.settled(bytes);
    unthrottle();
    discarding = true;
    sourceEnded = true;
    closed = true;
  }

  boolean discarded() {
    return discarding;
  }

  /**
   * The errno with which a call failed that says nothing of the peers, or 0: the fault is this
   * process's or its machine's, and the session cannot go on.
   */
  int failure() {
    return failure;
  }

  private void fail(int errno) {
    failure = errno;
    discard();
  }

  /**
   * Moves what can be moved now.
   *
   * @return true where bytes moved, which counts as activity
   */
  boolean pump() {
    long before = bytes;
    more = false;
    for (int takes = 0; !closed; takes++) {
      if (!giveAll()) {
        break;
      }
      if (sourceEnded) {
        finish();
        break;
      }
      if (!from.readable()) {
        break;
      }
      if (takes == TAKES_PER_TURN || bytes - before >= BYTES_PER_TURN) {
        more = true;
        break;
      }
      if (!to.writable()) {
        // Asking for room before reading: data stays in the kernel, where it holds the sender back.
        break;
      }
      long allowed = throttle == null ? Throttle.UNLIMITED : throttle.take(loop.now());
      if (allowed == Throttle.AFTER_OTHERS) {
        more = true;
        break;
      }
      if (allowed == 0 ? waits() : !take(allowed)) {
        break;
      }
    }
    settle();
    if (throttle != null) {
      throttle.endTurn(more);
    }
    return bytes != before;
  }

  private void settle() {
    if (!copy.isEmpty()) {
      copy.settle();
      notes.held(bytes, copy);
    }
    splice.settle();
  }

  /**
   * Whether to wait for the rate. Only bytes that are there do: an end of stream or an error, or
   * nothing at all, needs no turn and takes none.
   */
  private boolean waits() {
    if (throttle.waiting()) {
      return true;
    }
    int there = from.peek();
    if (there <= 0) {
      return !readEnded(there);
    }
    throttle.await(loop.now());
    from.hold(throttle.awaited());
    return true;
  }

  /** Passes the end of the stream on, unless it ended by a reset: the flow passes that on. */
  private void finish() {
    if (!from.wasReset()) {
      to.shutdownWrite();
      closed = true;
    }
  }

  /** Takes once from the source; whether to go on. */
  private boolean take(long allowed) {
    path = choice.next(from);
    long asked = Math.min(allowed, path.room());
    if (path == copy) {
      notes.inHand(bytes);
    }
    long taken = path.take(from.fd(), asked);
    if (taken <= 0) {
      if (path.isEmpty()) {
        notes.settled(bytes);
      }
      return path == splice ? spliceEnded((int) taken) : readEnded((int) taken);
    }
    // A short splice says nothing: a pipe can be full of small pieces long before its size.
    if (path == copy && taken < asked) {
      from.readShort();
    }
    if (throttle != null) {
      throttle.read(taken);
    }
    choice.took(taken);
    return true;
  }

  /** Whether to go on after a splice that gave nothing. */
  private boolean spliceEnded(int result) {
    int errno = -result;
    if (errno == 0) {
      // Said at urgent data as well: a read knows whether it is the end.
      choice.read();
    } else if (errno == Errno.EAGAIN || errno == Errno.EINTR || Errno.meansPeerGone(errno)) {
      return readEnded(result);
    } else {
      choice.refused(errno);
    }
    return true;
  }

  /** Whether to go on after a read that gave nothing. */
  private boolean readEnded(int result) {
    switch (-result) {
      case 0 -> sourceEnded = true;
      case Errno.EAGAIN -> {}
      case Errno.EINTR -> {
        return true;
      }
      default -> {
        if (!Errno.meansPeerGone(-result)) {
          fail(-result);
          return false;
        }
        from.markReset();
        sourceEnded = true;
      }
    }
    from.readNothing();
    return sourceEnded;
  }

  /** Gives the other side all that is in transit; whether nothing is left. */
  private boolean giveAll() {
    while (!path.isEmpty()) {
      if (!to.writable()) {
        return false;
      }
      if (path == copy) {
        notes.inHand(bytes);
      } else {
        notes.giving(bytes, splice.bytes());
      }
      long given = path.give(to.fd());
      if (given == 0 && path == splice) {
        fail(Errno.EIO);
      } else if (given >= 0) {
        bytes += given;
        if (path == copy && !copy.isEmpty()) {
          to.full();
        }
      } else if (!giveFailed((int) -given)) {
        return false;
      }
      if (path.isEmpty()) {
        if (splice.isEmpty()) {
          notes.settled(bytes);
        } else {
          handOver();
        }
      }
    }
    return failure == 0;
  }

  private void handOver() {
    notes.inHand(bytes);
    splice.handOver(copy);
    if (copy.isEmpty()) {
      fail(Errno.EIO);
    }
  }

  /** Whether the bytes are to be kept and tried again. */
  private boolean giveFailed(int errno) {
    switch (errno) {
      case Errno.EINTR -> {}
      case Errno.EAGAIN, Errno.ENOBUFS, Errno.ENOMEM -> to.full();
      default -> {
        if (Errno.meansPeerGone(errno)) {
          to.markReset();
          discard();
          return false;
        }
        if (path != splice) {
          fail(errno);
          return false;
        }
        choice.refused(errno);
        path = copy;
        handOver();
      }
    }
    return true;
  }
}
