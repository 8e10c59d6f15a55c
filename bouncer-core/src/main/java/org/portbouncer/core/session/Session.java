package org.portbouncer.core.session;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One session inside one process: its state, wherever the bytes lie, and its descriptors. Pooled by
 * the worker; belongs to the thread of its loop.
 */
public final class Session {

  private final SessionState state = new SessionState();
  private final Descriptors descriptors = new Descriptors();

  /** Memory of its own for a state that must outlive the buffer it was received in. */
  private MemorySegment own = MemorySegment.NULL;

  /** Whether the state lies there. */
  private boolean kept;

  /** What the stage that holds it hangs on it; cleared when it is given back. */
  private Object attachment;

  public SessionState state() {
    return state;
  }

  public Descriptors descriptors() {
    return descriptors;
  }

  /** What the stage that holds the session made for it. */
  public Object attachment() {
    return attachment;
  }

  public void attach(Object attachment) {
    this.attachment = attachment;
  }

  /** Copies a state out of a buffer that will be used again, so that the session may wait. */
  public void keepState() {
    if (kept) {
      return;
    }
    kept = true;
    int length = state.length();
    if (own.byteSize() < length) {
      own = memory(length);
    }
    state.moveTo(own, 0);
  }

  /** Starts a new state in memory of its own. */
  public void createState() {
    if (own.byteSize() < SessionState.BYTES) {
      own = memory(SessionState.BYTES);
    }
    kept = true;
    state.create(own, 0);
  }

  /** Freed with the object: a pool keeps only so many. */
  private static MemorySegment memory(int bytes) {
    return Arena.ofAuto().allocate(bytes, 8);
  }

  /** Closes what it still holds and forgets its state. */
  public void clear() {
    descriptors.closeAll();
    state.clear();
    kept = false;
    attachment = null;
  }
}
