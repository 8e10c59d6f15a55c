package org.portbouncer.core.session;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * The datagrams of a client that came before it had a socket of its own, as they travel in a
 * section of its session's state: one after the other, each a u16 with its length and then its
 * bytes, of which there may be none.
 *
 * <p>Written by the mother, read in the io worker.
 */
public final class Datagrams {

  /** The longest there is: an IPv6 packet's 65,535 bytes without the header of UDP. */
  public static final int LONGEST = 65_527;

  /** What stands before each. */
  public static final int HEAD = 2;

  /** The most of one client that are kept before its session is set up. */
  public static final int MOST = 64;

  private Datagrams() {}

  /** Writes one at {@code at}; it takes {@link #HEAD} bytes and its length. */
  public static void put(MemorySegment to, long at, MemorySegment from, long fromAt, int length) {
    to.set(JAVA_SHORT_UNALIGNED, at, (short) length);
    MemorySegment.copy(from, fromAt, to, at + HEAD, length);
  }

  /** The length of the one at {@code at}. */
  public static int length(MemorySegment memory, long at) {
    return memory.get(JAVA_SHORT_UNALIGNED, at) & 0xffff;
  }

  /** Whether {@code length} bytes are whole datagrams, one after the other. */
  public static boolean wellFormed(MemorySegment memory, long from, int length) {
    int at = 0;
    while (at + HEAD <= length) {
      at += HEAD + length(memory, from + at);
    }
    return at == length;
  }
}
