package org.portbouncer.core.shared;

/**
 * Lays the fields of a piece of shared memory out, one behind the other: each offset follows from
 * the fields before it, and what does not fit into its room or is not aligned fails when the class
 * that has it is loaded. What it came to is one number, of which {@link SharedLayout} is made: who
 * adds, moves or renames a field makes another one. In every process; used by the static fields of
 * one class, never later.
 */
final class Layout {

  private final String what;
  private int at;
  private long id = 1;

  /**
   * Begins at offset 0.
   *
   * @param what has the fields, in words for whoever made them too many
   */
  Layout(String what) {
    this.what = what;
  }

  /** A field of eight bytes; its offset. */
  int u64(String name) {
    return row(name, 1, Long.BYTES);
  }

  int u32(String name) {
    return row(name, 1, Integer.BYTES);
  }

  int u16(String name) {
    return row(name, 1, Short.BYTES);
  }

  int u8(String name) {
    return row(name, 1, Byte.BYTES);
  }

  /** A field of eight bytes for each of several; the first one's offset. */
  int u64s(String name, int count) {
    return row(name, count, Long.BYTES);
  }

  /** A field of eight bytes for each constant, in their order; the first one's offset. */
  int u64s(String name, Enum<?>[] constants) {
    int offset = u64s(name, constants.length);
    for (Enum<?> each : constants) {
      id = 31 * id + each.name().hashCode();
    }
    return offset;
  }

  int u32s(String name, int count) {
    return row(name, count, Integer.BYTES);
  }

  /** So many bytes that are not a number, or have a layout of their own; their offset. */
  int bytes(String name, int bytes) {
    note(name, 1, bytes);
    int offset = at;
    at += bytes;
    return offset;
  }

  /** What comes next begins at a multiple of this. */
  void align(int to) {
    at = Math.ceilDiv(at, to) * to;
  }

  private int row(String name, int count, int bytes) {
    // Atomic access wants its own alignment.
    if (at % bytes != 0) {
      throw new AssertionError("%s: %s is not aligned, at %d".formatted(what, name, at));
    }
    note(name, count, bytes);
    int offset = at;
    at += count * bytes;
    return offset;
  }

  private void note(String name, int count, int bytes) {
    id = 31 * (31 * (31 * (31 * id + name.hashCode()) + count) + bytes) + at;
  }

  /** Where a field behind these would begin: how many bytes they have. */
  int end() {
    return at;
  }

  /**
   * Asserts that all have room.
   *
   * @param room bytes
   * @return the room
   */
  int within(int room) {
    if (at > room) {
      throw new AssertionError("%s: %d bytes do not fit into %d".formatted(what, at, room));
    }
    id = 31 * id + room;
    return room;
  }

  /** Asserts that what comes next begins with a cache line, which has one writer. */
  void cacheLine() {
    if (at % 64 != 0) {
      throw new AssertionError("%s: no cache line begins at %d".formatted(what, at));
    }
  }

  /** Tells this layout from others. */
  long id() {
    return id;
  }
}
