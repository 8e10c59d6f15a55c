package org.portbouncer.core.session;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * What a session's state has behind its fixed part and its padding: nothing, as a rule, or what one
 * stage found out and a later one needs. One section after the other, to the end of the state:
 *
 * <pre>
 *   0  type      u16   see Type
 *   2  version   u8    of what the bytes are
 *   3  reserved  u8    0
 *   4  length    u32   of the bytes, without what fills them up
 *   8  the bytes, and zeros up to a multiple of 8
 * </pre>
 *
 * A state without sections has no byte more for them. All of them together have at most {@link
 * #MOST} bytes. Written by the stage that adds one, read through {@code hop.SectionReader}; in
 * every process.
 */
public final class Sections {

  /** The most bytes that a state's sections may have: some of the largest datagrams, and room. */
  public static final int MOST = 1 << 20;

  /**
   * The longest PROXY header that goes to a stream's target with what its client says first. It has
   * room in the socket of any new connection, and in io's buffer.
   */
  public static final int LONGEST_LEAD = 4096;

  /** What stands before a section's bytes. */
  public static final int HEAD = 8;

  private static final int VERSION = 2;
  private static final int RESERVED = 3;
  private static final int LENGTH = 4;

  /** What there is. A type that a reader does not know is passed on as it came. */
  public enum Type {
    /** The TLVs of the PROXY header that the client's connection began with, as they came. */
    PROXY_TLVS(1, 1),

    /** What the client had sent before its socket could: see {@link Datagrams}. */
    DATAGRAMS(2, 1),

    /** The PROXY header that the target gets first, or every datagram to it begins with. */
    PROXY_HEADER(3, 1);

    private final int code;
    private final int version;

    Type(int code, int version) {
      this.code = code;
      this.version = version;
    }
  }

  private Sections() {}

  /** How much of a state a section of so many bytes takes. */
  public static int bytes(int length) {
    return HEAD + (length + 7 & ~7);
  }

  /** Writes a section at {@code at}: {@link #bytes} of {@code length}. */
  public static void put(
      MemorySegment to, long at, Type type, MemorySegment from, long fromAt, int length) {
    to.set(JAVA_SHORT_UNALIGNED, at, (short) type.code);
    to.set(JAVA_BYTE, at + VERSION, (byte) type.version);
    to.set(JAVA_BYTE, at + RESERVED, (byte) 0);
    to.set(JAVA_INT_UNALIGNED, at + LENGTH, length);
    MemorySegment.copy(from, fromAt, to, at + HEAD, length);
    to.asSlice(at + HEAD + length, bytes(length) - HEAD - length).fill((byte) 0);
  }

  /** Whether {@code length} bytes are whole sections, one after the other; none are. */
  public static boolean wellFormed(MemorySegment memory, long from, int length) {
    int at = 0;
    while (at < length) {
      if (length - at < HEAD) {
        return false;
      }
      int own = memory.get(JAVA_INT_UNALIGNED, from + at + LENGTH);
      if (own < 0
          || own > length - at - HEAD
          || bytes(own) > length - at
          || memory.get(JAVA_BYTE, from + at + RESERVED) != 0) {
        return false;
      }
      at += bytes(own);
    }
    return at == length;
  }

  /**
   * Finds the first section of a type, in the version that is known here.
   *
   * @param length of all sections, which are {@link #wellFormed}
   * @return where it begins; -1 where there is none
   */
  public static long find(MemorySegment memory, long from, int length, Type type) {
    for (int at = 0; at < length; at += bytes(length(memory, from + at))) {
      if (memory.get(JAVA_SHORT_UNALIGNED, from + at) == type.code
          && memory.get(JAVA_BYTE, from + at + VERSION) == type.version) {
        return from + at;
      }
    }
    return -1;
  }

  /** How many bytes the section at {@code at} holds. */
  public static int length(MemorySegment memory, long at) {
    return memory.get(JAVA_INT_UNALIGNED, at + LENGTH);
  }
}
