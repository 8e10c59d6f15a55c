package org.portbouncer.launcher.bench;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.sys.Native;

/**
 * What the states of the benchmark contain, and how a receiver knows that one came whole: noise
 * that never changes, and eight words spread over it that differ in every message. Each message's
 * length, number and words are checked; every 64th also by a checksum over all of it, which would
 * cost as much as the hop.
 */
final class BenchState {

  static final int FULL_CHECK = 64;

  private static final int WORDS = 8;
  private static final long MIX = 0x9e37_79b9_7f4a_7c15L;

  private final int tail;
  private final MemorySegment noise;
  private final CRC32C crc = new CRC32C();

  BenchState(int stateSize) {
    tail = stateSize - SessionState.BYTES;
    noise = Native.allocate(Math.max(8, (tail + 7) / 8 * 8));
    long word = MIX;
    for (long at = 0; at + 8 <= noise.byteSize(); at += 8) {
      word ^= word << 13;
      word ^= word >>> 7;
      word ^= word << 17;
      // A quarter of the words is noise, the rest repeats: states compress, as real ones do.
      noise.set(JAVA_LONG_UNALIGNED, at, at % 32 == 0 ? word : MIX);
    }
  }

  /** The bytes behind a state's head, as they are before {@link #stamp}. */
  MemorySegment noise() {
    return noise;
  }

  int tailLength() {
    return tail;
  }

  private long place(int word) {
    return Math.max(0, (tail - 8L) * word / (WORDS - 1));
  }

  /** Writes the words of message {@code number} into the bytes behind a head. */
  void stamp(MemorySegment memory, long at, long number) {
    if (tail >= 8) {
      for (int word = 0; word < WORDS; word++) {
        memory.set(JAVA_LONG_UNALIGNED, at + place(word), (number + word) * MIX);
      }
    }
  }

  /** The checksum that travels with message {@code number}; 0 for those without. */
  int checksum(MemorySegment memory, long at, long number) {
    if (number % FULL_CHECK != 0) {
      return 0;
    }
    crc.reset();
    crc.update(memory.asSlice(at, tail).asByteBuffer());
    return (int) crc.getValue();
  }

  /**
   * Checks what came.
   *
   * @throws IllegalStateException that says what is wrong with which message
   */
  void check(SessionState state, MemorySegment memory, long at, long number) {
    check(state.id(), state.checksum(), state.length(), memory, at, number);
  }

  /** As {@link #check(SessionState, MemorySegment, long, long)}, with the head's fields given. */
  void check(long id, int sum, int length, MemorySegment memory, long at, long number) {
    if (id != number || length != tail + SessionState.BYTES) {
      throw new IllegalStateException(
          "message " + number + " came as number " + id + " with " + length + " bytes");
    }
    if (tail >= 8) {
      for (int word = 0; word < WORDS; word++) {
        if (memory.get(JAVA_LONG_UNALIGNED, at + place(word)) != (number + word) * MIX) {
          throw new IllegalStateException("message " + number + " came with other contents");
        }
      }
    }
    if (checksum(memory, at, number) != sum) {
      throw new IllegalStateException("message " + number + " came with another checksum");
    }
  }
}
