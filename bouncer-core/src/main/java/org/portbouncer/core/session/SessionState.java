package org.portbouncer.core.session;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.SockAddr;

/**
 * What the stages need of one session, and what travels from one to the next. A flyweight: it reads
 * and writes the bytes where they lie, in a received datagram, a mapped file or a slot of shared
 * memory.
 *
 * <pre>
 *    0  magic and version   u32   "BSS" and 2
 *    4  length              u32   of all of it, padding and sections included
 *    8  session id          u64
 *   16  record              u32   index into the session table
 *   20  generation          u32   of that record
 *   24  epoch               u32   of the configuration it set out under
 *   28  listener            u16   index into that configuration
 *   30  endpoint            u16   index into the listener's addresses
 *   32  accepted            u64   CLOCK_MONOTONIC, ns
 *   40  deadline            u64   CLOCK_MONOTONIC, ns; 0 is none; of one that was forwarded before,
 *                                 since when nobody does
 *   48  client address      28    see SockAddr
 *   76  local address       28    see SockAddr
 *  104  rule                s16   index into the listener's ACL, -1 before the decision or without an ACL
 *  106  bandwidth class     s16   index into the configuration, -1 is none
 *  108  padding             u32   bytes of it that follow
 *  112  padding checksum    u32   CRC-32C of them
 *  116  flags               u32   bit 0: the client's socket has its options already; bit 1: the
 *                                 client's connection began with a PROXY header; bit 2: which said
 *                                 whom it is for; bit 3: it was forwarded before, and goes on
 *  120  padding
 *       sections                  to the end, none as a rule; see Sections
 * </pre>
 *
 * Numbers are little-endian as the machine has them: a state never leaves it. {@link #wrap} checks
 * every length once, so that no getter can read outside. Used by the mother and by every worker.
 */
public final class SessionState {

  public static final int BYTES = 120;

  /** The most that may follow them: `state-transfer.padding` is at most 16 MiB. */
  public static final int MAX_PADDING = 16 << 20;

  private static final int MAGIC = 'B' | 'S' << 8 | 'S' << 16 | 2 << 24;

  private static final int LENGTH = 4;
  private static final int ID = LENGTH + 4;
  private static final int RECORD = ID + 8;
  private static final int GENERATION = RECORD + 4;
  private static final int EPOCH = GENERATION + 4;
  private static final int LISTENER = EPOCH + 4;
  private static final int ENDPOINT = LISTENER + 2;
  private static final int ACCEPTED = ENDPOINT + 2;
  private static final int DEADLINE = ACCEPTED + 8;
  private static final int CLIENT = DEADLINE + 8;
  private static final int LOCAL = CLIENT + SockAddr.BYTES;
  private static final int RULE = LOCAL + SockAddr.BYTES;
  private static final int BANDWIDTH = RULE + 2;
  private static final int PADDING = BANDWIDTH + 2;
  private static final int CHECKSUM = PADDING + 4;
  private static final int FLAGS = CHECKSUM + 4;

  private static final int CLIENT_READY = 1;
  private static final int HEADER = 2;
  private static final int RELAYED = 4;
  private static final int RESUMED = 8;

  private MemorySegment memory = MemorySegment.NULL;
  private long base;
  private boolean changed;

  /**
   * Starts a new state at {@code at}.
   *
   * @param padding bytes that follow the fixed part, wherever they lie
   */
  public void create(MemorySegment memory, long at, int padding) {
    this.memory = memory;
    this.base = at;
    this.changed = true;
    for (int offset = 0; offset < BYTES; offset += 8) {
      putLong(offset, 0);
    }
    putInt(0, MAGIC);
    putInt(LENGTH, BYTES + padding);
    putInt(PADDING, padding);
    putShort(RULE, -1);
    putShort(BANDWIDTH, -1);
  }

  /**
   * Looks at {@code length} bytes at {@code at}.
   *
   * @return false where they are no state: too short or too long, another version, or a length
   *     inside that differs
   */
  public boolean wrap(MemorySegment memory, long at, long length) {
    if (at < 0 || length > memory.byteSize() - at || !isHead(memory, at, length)) {
      return false;
    }
    int padding = memory.get(JAVA_INT_UNALIGNED, at + PADDING);
    int sections = (int) length - BYTES - padding;
    return (sections == 0 || Sections.wellFormed(memory, at + BYTES + padding, sections))
        && look(memory, at);
  }

  /** As {@link #wrap}, where only the fixed part of a state of {@code length} bytes lies there. */
  public boolean wrapHead(MemorySegment memory, long at, long length) {
    return isHead(memory, at, length) && look(memory, at);
  }

  private static boolean isHead(MemorySegment memory, long at, long length) {
    if (length < BYTES
        || length > BYTES + MAX_PADDING + Sections.MOST
        || at < 0
        || at + BYTES > memory.byteSize()) {
      return false;
    }
    long padding = memory.get(JAVA_INT_UNALIGNED, at + PADDING);
    long sections = length - BYTES - padding;
    return memory.get(JAVA_INT_UNALIGNED, at) == MAGIC
        && memory.get(JAVA_INT_UNALIGNED, at + LENGTH) == length
        && padding >= 0
        && padding <= MAX_PADDING
        && sections >= 0
        && sections <= Sections.MOST;
  }

  private boolean look(MemorySegment memory, long at) {
    this.memory = memory;
    this.base = at;
    this.changed = false;
    return true;
  }

  /** Forgets the memory. */
  public void clear() {
    memory = MemorySegment.NULL;
    base = 0;
  }

  /** Moves to a copy of its first {@code bytes} elsewhere. */
  public void moveTo(MemorySegment other, long at, int bytes) {
    MemorySegment.copy(memory, base, other, at, bytes);
    memory = other;
    base = at;
  }

  /** Whether a field was set since the state was wrapped or {@link #unchanged} was called. */
  public boolean changed() {
    return changed;
  }

  public void unchanged() {
    changed = false;
  }

  public MemorySegment memory() {
    return memory;
  }

  /** Where the state begins in {@link #memory}. */
  public long base() {
    return base;
  }

  public int length() {
    return getInt(LENGTH);
  }

  public long id() {
    return memory.get(JAVA_LONG_UNALIGNED, base + ID);
  }

  public int record() {
    return getInt(RECORD);
  }

  public int generation() {
    return getInt(GENERATION);
  }

  /** Sets who it is: the id, and its record in the session table. */
  public void identify(long id, int record, int generation) {
    putLong(ID, id);
    putInt(RECORD, record);
    putInt(GENERATION, generation);
  }

  public int epoch() {
    return getInt(EPOCH);
  }

  public int listener() {
    return getShort(LISTENER) & 0xffff;
  }

  public int endpoint() {
    return getShort(ENDPOINT) & 0xffff;
  }

  /** Sets where it came in: the configuration's epoch, the listener, and which of its addresses. */
  public void origin(int epoch, int listener, int endpoint) {
    putInt(EPOCH, epoch);
    putShort(LISTENER, listener);
    putShort(ENDPOINT, endpoint);
  }

  public long accepted() {
    return memory.get(JAVA_LONG_UNALIGNED, base + ACCEPTED);
  }

  public void accepted(long nanos) {
    putLong(ACCEPTED, nanos);
  }

  /** What tells this form of a state from others, for processes of two versions of the program. */
  public static int form() {
    return MAGIC;
  }

  /**
   * By when the connect stage must have the session, whose time is its own; 0 is never. Of one that
   * {@link #resumed}, when its worker ended.
   */
  public long deadline() {
    return memory.get(JAVA_LONG_UNALIGNED, base + DEADLINE);
  }

  public void deadline(long nanos) {
    putLong(DEADLINE, nanos);
  }

  /** Where the client's address stands in {@link #memory}. */
  public long client() {
    return base + CLIENT;
  }

  /** Where the address that the client connected to stands in {@link #memory}. */
  public long local() {
    return base + LOCAL;
  }

  /** Sets the local address from a sockaddr. */
  public void local(MemorySegment from, long at) {
    changed = true;
    MemorySegment.copy(from, at, memory, local(), SockAddr.BYTES);
  }

  /** Sets the client's address from a sockaddr. */
  public void client(MemorySegment from, long at) {
    changed = true;
    MemorySegment.copy(from, at, memory, client(), SockAddr.BYTES);
  }

  /** Whether the client's socket has the options of a forwarded connection already. */
  public boolean clientReady() {
    return flag(CLIENT_READY);
  }

  public void clientReady(boolean ready) {
    flag(CLIENT_READY, ready);
  }

  /** Whether the client's connection began with a PROXY header, whatever that said. */
  public boolean header() {
    return flag(HEADER);
  }

  /**
   * Whether that header said whom the connection is for: client and local address are its words
   * then, and who really connected stands in the session table.
   */
  public boolean relayed() {
    return flag(RELAYED);
  }

  /** Says that the client's connection began with a PROXY header. */
  public void header(boolean relayed) {
    flag(HEADER, true);
    flag(RELAYED, relayed);
  }

  /** Whether it was forwarded before, by a worker that has ended: SessionFlow says how far. */
  public boolean resumed() {
    return flag(RESUMED);
  }

  /** Says that it was forwarded before. */
  public void resume() {
    flag(RESUMED, true);
  }

  private boolean flag(int bit) {
    return (getInt(FLAGS) & bit) != 0;
  }

  private void flag(int bit, boolean on) {
    putInt(FLAGS, on ? getInt(FLAGS) | bit : getInt(FLAGS) & ~bit);
  }

  /** Bytes of padding, which follow the fixed part. */
  public int padding() {
    return getInt(PADDING);
  }

  /** Bytes of the sections, which follow the padding. */
  public int sections() {
    return getInt(LENGTH) - BYTES - getInt(PADDING);
  }

  /** Says that so many bytes of sections were added at its end. */
  public void grow(int bytes) {
    putInt(LENGTH, getInt(LENGTH) + bytes);
  }

  /** What the padding must come to, CRC-32C. */
  public int checksum() {
    return getInt(CHECKSUM);
  }

  public void checksum(int crc) {
    putInt(CHECKSUM, crc);
  }

  /** The rule that decided, as an index into the listener's ACL; -1 is none. */
  public int rule() {
    return getShort(RULE);
  }

  public void rule(int index) {
    putShort(RULE, index);
  }

  /** The bandwidth class, as an index into the configuration; -1 is none. */
  public int bandwidth() {
    return getShort(BANDWIDTH);
  }

  public void bandwidth(int index) {
    putShort(BANDWIDTH, index);
  }

  private int getInt(int offset) {
    return memory.get(JAVA_INT_UNALIGNED, base + offset);
  }

  // What is set to what it was is no change: a state in a file need not be written again.

  private void putInt(int offset, int value) {
    changed |= getInt(offset) != value;
    memory.set(JAVA_INT_UNALIGNED, base + offset, value);
  }

  private int getShort(int offset) {
    return memory.get(JAVA_SHORT_UNALIGNED, base + offset);
  }

  private void putShort(int offset, int value) {
    changed |= getShort(offset) != value;
    memory.set(JAVA_SHORT_UNALIGNED, base + offset, (short) value);
  }

  private void putLong(int offset, long value) {
    changed |= memory.get(JAVA_LONG_UNALIGNED, base + offset) != value;
    memory.set(JAVA_LONG_UNALIGNED, base + offset, value);
  }
}
