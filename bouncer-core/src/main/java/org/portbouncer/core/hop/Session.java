package org.portbouncer.core.hop;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.shared.StateSlots;

/**
 * One session inside one process: its state, wherever the bytes lie, and its descriptors. Pooled by
 * the worker; belongs to the thread of its loop.
 *
 * <p>A state has a head, the fixed part that stages read and change, and may have a tail. How it
 * travels says where they lie:
 *
 * <ul>
 *   <li>inline: both in the buffer they were received in, or in memory of the session's own;
 *   <li>in a file: the head in memory of the session's own, the tail in the file alone;
 *   <li>in a slot: the head in memory of the session's own, the tail in the slot. Other processes
 *       can write to the slot at any time, so what was checked is a copy, and goes back with the
 *       session.
 * </ul>
 */
public final class Session {

  /** Memory of its own above this is not kept with the pooled object: thousands are pooled. */
  private static final long LARGE = 4 * 1024;

  private final SessionState state = new SessionState();
  private final Descriptors descriptors = new Descriptors();

  /** Memory for a head, and, where it is larger, for the tail too. */
  private MemorySegment own = MemorySegment.NULL;

  /** Closed with a large memory. */
  private Arena large;

  private Mode transfer = Mode.INLINE;
  private int slot = -1;
  private int slotGeneration;
  private MemorySegment slotMemory = MemorySegment.NULL;
  private long slotAt;
  private long slotBytes;
  private long tailAddress;
  private int tailLength;

  /** Whether head and tail lie where nobody else writes. */
  private boolean kept;

  private Object attachment;

  public SessionState state() {
    return state;
  }

  public Descriptors descriptors() {
    return descriptors;
  }

  /** How the state travels. */
  public Mode transfer() {
    return transfer;
  }

  /** The slot that holds the state, in transfer SHM. */
  public int slot() {
    return slot;
  }

  /** That slot's generation. */
  public int slotGeneration() {
    return slotGeneration;
  }

  /** What the stage that holds the session hung on it. */
  public Object attachment() {
    return attachment;
  }

  public void attach(Object attachment) {
    this.attachment = attachment;
  }

  // Where the bytes lie.

  public long headAddress() {
    return state.memory().address() + state.base();
  }

  public int headLength() {
    return SessionState.BYTES;
  }

  /** Where the tail lies in this process; meaningless in transfer FILE_FD once the file is made. */
  public long tailAddress() {
    return tailAddress;
  }

  public int tailLength() {
    return tailLength;
  }

  /** Memory of this process that the tail takes up, once the state is kept. */
  public int tailMemory() {
    return transfer == Mode.INLINE ? tailLength : 0;
  }

  // Making one.

  /**
   * Starts a new state in memory of its own, to travel inline.
   *
   * @param tail where the tail lies and stays, for as long as the process lives
   * @param length its length; 0 for none
   */
  public void create(long tail, int length) {
    obtainOwn(SessionState.BYTES);
    state.create(own, 0, length);
    tailAddress = tail;
    tailLength = length;
    kept = true;
  }

  /** Starts a new state in a slot; the tail is copied there. */
  public void createInSlot(
      StateSlots slots, int slot, MemorySegment tail, long tailAt, int length) {
    createInSlot(slots, slot, length);
    MemorySegment.copy(tail, tailAt, slotMemory, slotAt + SessionState.BYTES, length);
  }

  /** As above, where the tail is written by the caller, in place. */
  public void createInSlot(StateSlots slots, int slot, int length) {
    obtainOwn(SessionState.BYTES);
    state.create(own, 0, length);
    toSlot(slots, slot, slots.generation(slot), length);
  }

  private void toSlot(StateSlots slots, int slot, int generation, int length) {
    transfer = Mode.SHM;
    this.slot = slot;
    slotGeneration = generation;
    slotMemory = slots.memory();
    slotAt = slots.stateAt(slot);
    slotBytes = slots.stateBytes();
    tailLength = length;
    tailAddress = slotMemory.address() + slotAt + SessionState.BYTES;
    kept = true;
  }

  /** Writes the head to the slot again, where it has changed since it was read. */
  void updateSlot() {
    if (state.changed()) {
      MemorySegment.copy(own, 0, slotMemory, slotAt, SessionState.BYTES);
      state.unchanged();
    }
  }

  // Receiving one.

  /** Looks at a state that came in a message; false where it is none. */
  public boolean wrapInline(MemorySegment buffer, long at, int length) {
    if (!state.wrap(buffer, at, length)) {
      return false;
    }
    transfer = Mode.INLINE;
    tailLength = length - SessionState.BYTES;
    tailAddress = buffer.address() + at + SessionState.BYTES;
    kept = false;
    return true;
  }

  /** Looks at a state in a slot; false where that is another session's by now, or holds none. */
  public boolean wrapSlot(StateSlots slots, int slot, int generation, int length) {
    if (!slots.current(slot, generation) || length > slots.stateBytes()) {
      return false;
    }
    obtainOwn(SessionState.BYTES);
    MemorySegment.copy(slots.memory(), slots.stateAt(slot), own, 0, SessionState.BYTES);
    if (!state.wrapHead(own, 0, length)) {
      return false;
    }
    toSlot(slots, slot, generation, length - SessionState.BYTES);
    return true;
  }

  /** Memory for a head that is about to be read from a file. */
  public long ownHead() {
    obtainOwn(SessionState.BYTES);
    return own.address();
  }

  /** Looks at the head there; false where it is none of a state of {@code length}. */
  public boolean wrapOwnHead(int length) {
    tailLength = length - SessionState.BYTES;
    tailAddress = 0;
    kept = true;
    return state.wrapHead(own, 0, length);
  }

  /**
   * The state lies in the session's file from here on. A head that lies in a buffer leaves it: the
   * session may have to wait, and the buffer will be used again.
   */
  public void inFile() {
    if (!kept) {
      obtainOwn(SessionState.BYTES);
      state.moveTo(own, 0, SessionState.BYTES);
      kept = true;
    }
    transfer = Mode.FILE_FD;
    slot = -1;
    state.unchanged();
  }

  /** Copies a state out of a buffer that will be used again, so that the session may wait. */
  public void keepState() {
    if (!kept) {
      int length = state.length();
      obtainOwn(length);
      state.moveTo(own, 0, length);
      tailAddress = own.address() + SessionState.BYTES;
      kept = true;
    }
  }

  /**
   * Keeps the head alone, in memory of its own: the set-up is done, and what carried the state
   * goes.
   */
  public void keepHead() {
    if (transfer != Mode.FILE_FD) {
      obtainOwn(SessionState.BYTES);
      state.moveTo(own, 0, SessionState.BYTES);
    }
    tailAddress = 0;
    tailLength = 0;
    slot = -1;
    kept = true;
    descriptors.close(Descriptors.STATE);
  }

  // Sections, see there.

  /** Whether so many bytes more of its state have room where it travels, not being a file. */
  public boolean hasRoomFor(int bytes) {
    return switch (transfer) {
      case INLINE -> true;
      case SHM -> state.length() + bytes <= slotBytes;
      case FILE_FD -> false;
    };
  }

  /** Adds a section to a state that {@link #hasRoomFor} it. */
  void addSection(Sections.Type type, MemorySegment from, long at, int length) {
    int end = state.length();
    int bytes = Sections.bytes(length);
    if (transfer == Mode.SHM) {
      Sections.put(slotMemory, slotAt + end, type, from, at, length);
    } else {
      ownAll(end + bytes);
      Sections.put(own, end, type, from, at, length);
      tailAddress = own.address() + SessionState.BYTES;
    }
    grown(bytes);
  }

  /** Says that a section was added where the state travels. */
  void grown(int bytes) {
    state.grow(bytes);
    tailLength += bytes;
  }

  /** Moves an inline state into memory of its own that has so many bytes. */
  private void ownAll(int bytes) {
    int head = SessionState.BYTES;
    MemorySegment tail = MemorySegment.ofAddress(tailAddress).reinterpret(tailLength);
    Arena outgrown = null;
    boolean moves = !kept || own.byteSize() < bytes;
    if (kept && moves) {
      outgrown = large;
      large = null;
      own = MemorySegment.NULL;
    }
    obtainOwn(bytes);
    // The tail first: what it lies in may be forgotten with the head.
    MemorySegment.copy(tail, 0, own, head, tailLength);
    if (moves) {
      state.moveTo(own, 0, head);
    }
    kept = true;
    if (outgrown != null) {
      outgrown.close();
    }
  }

  private void obtainOwn(int bytes) {
    if (own.byteSize() >= bytes) {
      return;
    }
    if (bytes > LARGE) {
      large = Arena.ofConfined();
      own = large.allocate(bytes, 8);
    } else {
      own = Arena.ofAuto().allocate(bytes, 8);
    }
  }

  /** Closes what it still holds and forgets its state. */
  public void clear() {
    descriptors.closeAll();
    state.clear();
    transfer = Mode.INLINE;
    slot = -1;
    slotMemory = MemorySegment.NULL;
    tailAddress = 0;
    tailLength = 0;
    kept = false;
    attachment = null;
    if (large != null) {
      large.close();
      large = null;
      own = MemorySegment.NULL;
    }
  }
}
