package org.portbouncer.io;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.sys.Native;

/**
 * The memory that bytes pass through in an io worker: one buffer for whatever is read and written
 * in the same breath, and pooled ones for what a slow peer did not take at once. An idle session
 * holds none. One thread.
 */
final class TransferBuffers {

  /** Measured: see docs/performance.md, "Sizes". */
  static final int BYTES = SessionFlow.MOST_HELD;

  private static final int KEPT = 64;

  private final MemorySegment shared = Native.allocate(BYTES);
  private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();

  private final PipePool pipes;

  TransferBuffers(PipePool pipes) {
    this.pipes = pipes;
  }

  PipePool pipes() {
    return pipes;
  }

  MemorySegment shared() {
    return shared;
  }

  /** A buffer of {@link #BYTES} for one direction's remainder. */
  MemorySegment obtain() {
    MemorySegment buffer = free.poll();
    // Not kept for ever: a burst of slow peers must not leave its memory behind.
    return buffer != null ? buffer : java.lang.foreign.Arena.ofAuto().allocate(BYTES, 64);
  }

  void release(MemorySegment buffer) {
    if (free.size() < KEPT) {
      free.push(buffer);
    }
  }
}
