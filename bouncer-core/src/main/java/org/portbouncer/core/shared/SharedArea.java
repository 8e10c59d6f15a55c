package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.portbouncer.core.sys.Native;

/**
 * The memory that the mother and all workers share: who works where, what was counted, and the
 * table of sessions. Made by the mother, mapped by everyone; sealed in size. Reserved for the
 * largest configuration; the kernel gives a page only when somebody writes to it.
 *
 * <pre>
 *   header         4 KiB    0 magic u32 | 4 capacity u32 | 8 layout u32 (SharedLayout) | 16 the key of hashes (HashKey)
 *   worker board   WorkerBoard.BYTES     one place per worker process
 *   counters       ListenerCounters.BYTES  one place per listener
 *   decisions      AclCounters.BYTES     one place per rule
 *   free map       one bit per record
 *   records        RecordLayout.RECORD bytes each
 *   limits         LimitTable.bytes
 *   classes        ClassBoard.BYTES      one place per bandwidth class
 *   times          ListenerTimes.BYTES   one place per listener
 *   buckets        BucketTable.bytes
 *   errors         ListenerErrors.BYTES  one place per listener
 *   targets        TargetBoard.BYTES     one place per member of a group
 *   parts          SharedParts.BYTES     one place per rule
 * </pre>
 */
public final class SharedArea {

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final int MAGIC = 0x42_53_41_06;

  static final Layout HEAD = new Layout("the header of the shared area");

  private static final int MAGIC_AT = HEAD.u32("magic");
  private static final int CAPACITY_AT = HEAD.u32("capacity");
  private static final int LAYOUT_AT = HEAD.u32("layout");

  static {
    HEAD.align(HashKey.BYTES);
  }

  private static final int HASH_KEY = HEAD.bytes("hash key", HashKey.BYTES);
  private static final long HEADER = HEAD.within(4096);

  private final int fd;
  private final MemorySegment memory;
  private final WorkerBoard workers;
  private final ListenerCounters listeners;
  private final AclCounters decisions;
  private final SessionTable sessions;
  private final LimitTable limits;
  private final ClassBoard classes;
  private final ListenerTimes times;
  private final BucketTable buckets;
  private final ListenerErrors errors;
  private final TargetBoard targets;
  private final SharedParts parts;

  private SharedArea(int fd, MemorySegment memory, int capacity) {
    this.fd = fd;
    this.memory = memory;
    HashKey key = HashKey.read(memory, HASH_KEY);
    long at = HEADER;
    workers = new WorkerBoard(memory.asSlice(at, WorkerBoard.BYTES));
    at += WorkerBoard.BYTES;
    listeners = new ListenerCounters(memory.asSlice(at, ListenerCounters.BYTES));
    at += ListenerCounters.BYTES;
    decisions = new AclCounters(memory.asSlice(at, AclCounters.BYTES));
    at += AclCounters.BYTES;
    sessions = new SessionTable(memory.asSlice(at, SessionTable.bytes(capacity)), capacity);
    at += SessionTable.bytes(capacity);
    limits = new LimitTable(memory.asSlice(at, LimitTable.bytes(capacity)), sessions, key);
    at += LimitTable.bytes(capacity);
    classes = new ClassBoard(memory.asSlice(at, ClassBoard.BYTES));
    at += ClassBoard.BYTES;
    times = new ListenerTimes(memory.asSlice(at, ListenerTimes.BYTES));
    at += ListenerTimes.BYTES;
    buckets =
        new BucketTable(memory.asSlice(at, BucketTable.bytes(capacity)), sessions, classes, key);
    at += BucketTable.bytes(capacity);
    errors = new ListenerErrors(memory.asSlice(at, ListenerErrors.BYTES));
    at += ListenerErrors.BYTES;
    targets = new TargetBoard(memory.asSlice(at, TargetBoard.BYTES));
    at += TargetBoard.BYTES;
    parts = new SharedParts(memory.asSlice(at, SharedParts.BYTES));
  }

  static long size(int capacity) {
    return HEADER
        + WorkerBoard.BYTES
        + ListenerCounters.BYTES
        + AclCounters.BYTES
        + SessionTable.bytes(capacity)
        + LimitTable.bytes(capacity)
        + ClassBoard.BYTES
        + ListenerTimes.BYTES
        + BucketTable.bytes(capacity)
        + ListenerErrors.BYTES
        + TargetBoard.BYTES
        + SharedParts.BYTES;
  }

  /**
   * Makes the area; in the mother.
   *
   * @param capacity session records, rounded up to a multiple of 64
   */
  public static SharedArea create(int capacity) {
    int rounded = (capacity + 63) / 64 * 64;
    long size = size(rounded);
    int fd = Native.sharedFile("bouncer-sessions", size);
    MemorySegment memory = Native.map(fd, size);
    memory.set(INT, CAPACITY_AT, rounded);
    memory.set(INT, LAYOUT_AT, SharedLayout.ID);
    HashKey.random().write(memory, HASH_KEY);
    SharedArea area = new SharedArea(fd, memory, rounded);
    area.sessions.initialize();
    memory.set(INT, MAGIC_AT, MAGIC);
    return area;
  }

  /**
   * Maps an area that the mother made; in a worker.
   *
   * @throws IllegalArgumentException where the file is none
   */
  public static SharedArea open(int fd) {
    MemorySegment header = Native.map(fd, HEADER);
    if (header.get(INT, MAGIC_AT) != MAGIC || header.get(INT, LAYOUT_AT) != SharedLayout.ID) {
      throw new IllegalArgumentException("the shared area is of another version");
    }
    int capacity = header.get(INT, CAPACITY_AT);
    return new SharedArea(fd, Native.map(fd, size(capacity)), capacity);
  }

  /**
   * What tells one arrangement of this memory from another: processes of two versions of the
   * program can use one area, and one area of state slots, where it is the same.
   */
  public static int layout() {
    return SharedLayout.ID;
  }

  public int fd() {
    return fd;
  }

  /** All of it, for those that must know how large it is. */
  public long size() {
    return memory.byteSize();
  }

  public WorkerBoard workers() {
    return workers;
  }

  public ListenerCounters listeners() {
    return listeners;
  }

  public AclCounters decisions() {
    return decisions;
  }

  public SessionTable sessions() {
    return sessions;
  }

  public LimitTable limits() {
    return limits;
  }

  public ClassBoard classes() {
    return classes;
  }

  public ListenerTimes times() {
    return times;
  }

  public ListenerErrors errors() {
    return errors;
  }

  public TargetBoard targets() {
    return targets;
  }

  public SharedParts parts() {
    return parts;
  }

  public BucketTable buckets() {
    return buckets;
  }
}
