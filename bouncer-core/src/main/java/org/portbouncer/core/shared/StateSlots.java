package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.BitSet;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * The shared area of `state-transfer.mode = shm`: a slot for the state of each session in set-up.
 * The mother makes it and takes slots; the state is read and changed where it lies, in every
 * process; whoever finishes the set-up or ends the session gives the slot back. What travels is the
 * slot's number and generation, and a reader whose generation is not the slot's refuses it.
 *
 * <pre>
 *   header      4 KiB   0 magic u32 | 4 slots u32 | 8 slot size u64 | 16 layout u32 (SharedLayout)
 *   free map    one bit per slot
 *   slots       slot size each:  0 generation u32 | 64 the state
 * </pre>
 *
 * Reserved for all slots; the kernel gives a page when it is first written, and {@link #trim} gives
 * the pages of slots that are no longer needed back to it.
 */
public final class StateSlots {

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final ValueLayout.OfInt PLAIN = ValueLayout.JAVA_INT;
  private static final int MAGIC = 0x42_53_4c_02;

  static final Layout HEAD = new Layout("the header of the state slots");

  private static final int MAGIC_AT = HEAD.u32("magic");
  private static final int COUNT_AT = HEAD.u32("slots");
  private static final int SIZE_AT = HEAD.u64("slot size");
  private static final int LAYOUT_AT = HEAD.u32("layout");
  private static final long HEADER = HEAD.within(4096);

  static final Layout SLOT = new Layout("a state slot");

  private static final int GENERATION = SLOT.u32("generation");

  static {
    SLOT.align(64);
  }

  private static final int STATE = SLOT.end();
  private static final int PAGE = 4096;

  private final int fd;
  private final MemorySegment memory;
  private final int count;
  private final long slotSize;
  private final long slots;
  private final FreeMap free;

  /** Of the process that takes slots, the mother; null in workers. */
  private final FreeMap.Allocator allocator;

  /** The mother's count, one for each slot taken: no two sessions in 2^32 have the same. */
  private int lastGeneration;

  private StateSlots(int fd, MemorySegment memory, int count, long slotSize, boolean allocates) {
    this.fd = fd;
    this.memory = memory;
    this.count = count;
    this.slotSize = slotSize;
    this.slots = HEADER + mapBytes(count);
    this.free = new FreeMap(memory.asSlice(HEADER, FreeMap.bytes(count)), count);
    this.allocator = allocates ? free.new Allocator() : null;
  }

  private static long mapBytes(int count) {
    return (FreeMap.bytes(count) + PAGE - 1) / PAGE * PAGE;
  }

  /**
   * Makes the area; in the mother.
   *
   * @param wanted slots, rounded up to a multiple of 64
   * @param stateBytes the largest state a slot must take
   */
  public static StateSlots create(int wanted, int stateBytes) {
    int count = (wanted + 63) / 64 * 64;
    long slotSize = slotSize(stateBytes);
    long size = HEADER + mapBytes(count) + count * slotSize;
    int fd = Native.sharedFile("bouncer-state", size);
    MemorySegment memory = Native.map(fd, size);
    memory.set(PLAIN, COUNT_AT, count);
    memory.set(PLAIN, LAYOUT_AT, SharedLayout.ID);
    memory.set(ValueLayout.JAVA_LONG, SIZE_AT, slotSize);
    StateSlots slots = new StateSlots(fd, memory, count, slotSize, true);
    slots.free.initialize();
    memory.set(PLAIN, MAGIC_AT, MAGIC);
    return slots;
  }

  /** Whole cache lines for a small state, whole pages for a large one. */
  private static long slotSize(int stateBytes) {
    long bytes = STATE + (long) stateBytes;
    long unit = bytes > PAGE / 2 ? PAGE : 64;
    return (bytes + unit - 1) / unit * unit;
  }

  /**
   * Maps an area that the mother made; in a worker.
   *
   * @throws IllegalArgumentException where the file is none
   */
  public static StateSlots open(int fd) {
    return open(fd, false);
  }

  /** As {@link #open}, for the one process that takes slots where that is not their maker. */
  public static StateSlots openToAllocate(int fd) {
    StateSlots slots = open(fd, true);
    slots.cover();
    return slots;
  }

  /** Takes note of the slots that the process before this one has taken, to the last. */
  public void cover() {
    allocator.cover();
    for (int slot = 0; slot < allocator.highWater(); slot++) {
      int generation = (int) INT.getAcquire(memory, at(slot) + GENERATION);
      if (Integer.compareUnsigned(generation, lastGeneration) > 0) {
        lastGeneration = generation;
      }
    }
  }

  private static StateSlots open(int fd, boolean allocates) {
    MemorySegment header = Native.map(fd, HEADER);
    if (header.get(PLAIN, MAGIC_AT) != MAGIC || header.get(PLAIN, LAYOUT_AT) != SharedLayout.ID) {
      throw new IllegalArgumentException("the state area is of another version");
    }
    int count = header.get(PLAIN, COUNT_AT);
    long slotSize = header.get(ValueLayout.JAVA_LONG, SIZE_AT);
    long size = HEADER + mapBytes(count) + count * slotSize;
    return new StateSlots(fd, Native.map(fd, size), count, slotSize, allocates);
  }

  public int fd() {
    return fd;
  }

  /**
   * Unmaps the area, for a process that outlives it; the descriptor stays the caller's to close.
   */
  public void unmap() {
    Libc.munmap(memory.address(), memory.byteSize());
  }

  /** How many slots there are. */
  public int count() {
    return count;
  }

  /** How many are taken; in the mother, from any thread. */
  public int used() {
    return allocator.active();
  }

  /** Those that are taken; in the mother, on the thread that takes them. */
  public BitSet taken() {
    BitSet taken = new BitSet(allocator.highWater());
    for (int slot = 0; slot < allocator.highWater(); slot++) {
      if (!free.isFree(slot)) {
        taken.set(slot);
      }
    }
    return taken;
  }

  /** Takes a slot, in the mother; -1 where all are taken. */
  public int allocate() {
    int slot = allocator.allocate();
    if (slot >= 0) {
      lastGeneration = lastGeneration == -1 ? 1 : lastGeneration + 1;
      INT.setRelease(memory, at(slot) + GENERATION, lastGeneration);
    }
    return slot;
  }

  private long at(int slot) {
    return slots + slot * slotSize;
  }

  /** Where the slot's state begins in {@link #memory}. */
  public long stateAt(int slot) {
    return at(slot) + STATE;
  }

  /** The largest state a slot takes. */
  public long stateBytes() {
    return slotSize - STATE;
  }

  public MemorySegment memory() {
    return memory;
  }

  public int generation(int slot) {
    return (int) INT.getAcquire(memory, at(slot) + GENERATION);
  }

  /** Whether a slot that came with a message is the one that was meant. */
  public boolean current(int slot, int generation) {
    return slot >= 0 && slot < count && generation != 0 && generation(slot) == generation;
  }

  /** Gives a slot back. Generation 0 is nobody's, so that a late message is refused. */
  public void free(int slot) {
    INT.setRelease(memory, at(slot) + GENERATION, 0);
    free.give(slot);
  }

  /**
   * Gives the pages of slots above those in use back to the kernel; in the mother, now and then.
   *
   * @param quietSince the answer of the last call
   * @return the highest slot in use now, for the next call
   */
  public int trim(int quietSince) {
    int top = allocator.topInUse();
    int keep = Math.max(top, quietSince);
    if (keep < allocator.highWater()) {
      long from = (at(keep) + PAGE - 1) / PAGE * PAGE;
      long to = at(allocator.highWater()) / PAGE * PAGE;
      if (to > from) {
        Libc.madvise(memory.address() + from, to - from, Const.MADV_REMOVE);
      }
      allocator.lowerTo(keep);
    }
    return top;
  }
}
