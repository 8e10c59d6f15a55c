package org.portbouncer.core.shared;

/**
 * SipHash-1-3 of three numbers: who does not know its key cannot choose numbers that come to the
 * same place of a table. Allocates nothing; on any thread.
 */
final class SipHash {

  private static final int WORDS = 3;

  /** One for each word and for the length, three to end with. */
  private static final int ROUNDS = WORDS + 1 + 3;

  /** What the last block of a message of 24 bytes is: its length, in the highest byte. */
  private static final long LAST = 8L * WORDS << 56;

  private SipHash() {}

  /** The hash of 24 bytes, each number's lowest first. */
  static long hash(HashKey key, long first, long second, long third) {
    long v0 = key.low() ^ 0x736f6d6570736575L;
    long v1 = key.high() ^ 0x646f72616e646f6dL;
    long v2 = key.low() ^ 0x6c7967656e657261L;
    long v3 = key.high() ^ 0x7465646279746573L;
    // One round for each block, and for the last of them three more, in one loop: its body is all
    // there is to compile.
    long word = first;
    v3 ^= word;
    for (int round = 0; round < ROUNDS; round++) {
      v0 += v1;
      v1 = Long.rotateLeft(v1, 13) ^ v0;
      v0 = Long.rotateLeft(v0, 32);
      v2 += v3;
      v3 = Long.rotateLeft(v3, 16) ^ v2;
      v0 += v3;
      v3 = Long.rotateLeft(v3, 21) ^ v0;
      v2 += v1;
      v1 = Long.rotateLeft(v1, 17) ^ v2;
      v2 = Long.rotateLeft(v2, 32);
      if (round <= WORDS) {
        v0 ^= word;
        word = round == 0 ? second : round == 1 ? third : round == 2 ? LAST : 0;
        v3 ^= word;
        v2 ^= round == WORDS ? 0xff : 0;
      }
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }
}
