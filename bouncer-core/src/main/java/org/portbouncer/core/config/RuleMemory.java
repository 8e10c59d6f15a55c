package org.portbouncer.core.config;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

/**
 * The memory in which the networks of a configuration's rules lie, and what finds the rule for an
 * address: one memory file, filled by the process that reads the configuration, then sealed, and
 * mapped by every acl worker, which reads it where it lies. So a million networks cost their memory
 * once, whatever the number of workers, and no heap anywhere. What is not written to takes none.
 *
 * <pre>
 *   0          magic u32
 *   4 KiB      ranges of IPv4, 8 bytes each: see {@link NetworkSet}
 *   then       ranges of IPv6, 32 bytes each
 *   then       indexes: see {@link RuleIndex}
 * </pre>
 *
 * Everything is in the byte order of the machine. Filled on one thread, read on any.
 */
public final class RuleMemory implements AutoCloseable {

  /** The most ranges of each family; a configuration that has more is refused. */
  public static final int MOST_NETWORKS = 4_000_000;

  /** The most bytes for indexes. */
  static final long MOST_INDEX_BYTES = 512L << 20;

  private static final int MAGIC = 0x424e4554;
  private static final long HEADER = 4096;
  private static final long V4 = HEADER;
  private static final long V6 = V4 + (long) MOST_NETWORKS * Ranges.V4_BYTES;
  private static final long INDEX = V6 + (long) MOST_NETWORKS * Ranges.V6_BYTES;
  private static final long SIZE = INDEX + MOST_INDEX_BYTES;

  private final Arena arena;
  private final MemorySegment memory;
  private final int fd;
  private long endOfV4 = V4;
  private long endOfV6 = V6;
  private long end;

  private RuleMemory(Arena arena, MemorySegment memory, int fd, long index) {
    this.arena = arena;
    this.memory = memory;
    this.fd = fd;
    this.end = index;
  }

  /**
   * An empty one; in the mother and in commands.
   *
   * @throws SystemCallException where the kernel refuses
   */
  public static RuleMemory create() {
    int fd = Native.emptyFile("bouncer-rules", SIZE);
    Arena arena = Arena.ofShared();
    try {
      RuleMemory made = new RuleMemory(arena, Native.map(fd, SIZE, arena), fd, INDEX);
      made.memory.set(JAVA_INT, 0, MAGIC);
      return made;
    } catch (SystemCallException e) {
      Libc.close(fd);
      throw e;
    }
  }

  /** One for a single index of at most so many bytes, for those who share it with nobody. */
  static RuleMemory ofOwn(long bytes) {
    Arena arena = Arena.ofAuto();
    return new RuleMemory(arena, arena.allocate(Math.max(8, bytes), 8), -1, 0);
  }

  /**
   * Maps one that the mother has filled; in an acl worker.
   *
   * @param fd its file; stays the caller's
   * @param length of the file
   * @throws SystemCallException where the kernel refuses, for want of memory above all
   * @throws ConfigCodecException where it is something else
   */
  public static RuleMemory open(int fd, long length) throws ConfigCodecException {
    if (length < HEADER || length > SIZE) {
      throw new ConfigCodecException("networks cannot lie in " + length + " bytes");
    }
    Arena arena = Arena.ofShared();
    MemorySegment memory = Native.mapConstant(fd, length, arena);
    if (memory.get(JAVA_INT, 0) != MAGIC) {
      arena.close();
      throw new ConfigCodecException("the memory of networks is of another version");
    }
    return new RuleMemory(arena, memory, -1, length);
  }

  /** Makes it constant: it can be handed out, and nothing can be added. */
  public void seal() {
    Native.makeConstant(fd, memory, end);
  }

  /** The file, for as long as this is open. */
  public int fd() {
    return fd;
  }

  /** How long the file is, in bytes; much of it was never written to. */
  public long length() {
    return end;
  }

  /** How many bytes of it have been written to: what it costs. */
  public long used() {
    long networks = endOfV4 - V4 + (endOfV6 - V6);
    return HEADER + networks + (end - INDEX);
  }

  /** How many ranges of networks lie in it. */
  public long networks() {
    return (endOfV4 - V4) / Ranges.V4_BYTES + (endOfV6 - V6) / Ranges.V6_BYTES;
  }

  /** Gives the memory back; whoever still looks something up in it gets an exception. */
  @Override
  public void close() {
    if (fd >= 0) {
      Libc.close(fd);
    }
    arena.close();
  }

  MemorySegment memory() {
    return memory;
  }

  /** Room for the next set's ranges of IPv4; {@link #keep} says how much of it is used. */
  Ranges v4() {
    return new Ranges(memory, endOfV4, V6, Ranges.V4_BYTES);
  }

  /** Room for the next set's ranges of IPv6. */
  Ranges v6() {
    return new Ranges(memory, endOfV6, INDEX, Ranges.V6_BYTES);
  }

  /** Keeps what was written to {@link #v4} and {@link #v6} since the last set. */
  void keep(Ranges v4, Ranges v6) {
    endOfV4 = v4.end();
    endOfV6 = v6.end();
  }

  /** Gives back the room of the set that was kept last. */
  public void giveBack(NetworkSet last) {
    endOfV4 = last.offsetV4();
    endOfV6 = last.offsetV6();
  }

  /**
   * Room for a part of an index.
   *
   * @return where it begins, a multiple of 8
   * @throws InvalidValueException where there is not so much
   */
  long reserve(long bytes) {
    long from = (end + 7) & ~7L;
    if (bytes > memory.byteSize() - from) {
      throw new InvalidValueException(
          "the networks of all rules together need more than "
              + (MOST_INDEX_BYTES >> 20)
              + " MiB to be looked up in");
    }
    end = from + bytes;
    return from;
  }

  /** Gives back what lies behind of the room that was reserved last. */
  void shrink(long newEnd) {
    end = newEnd;
  }
}
