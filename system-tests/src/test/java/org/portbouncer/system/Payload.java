package org.portbouncer.system;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Random;

/** Random bytes in random portions. */
final class Payload {
  static final int MIB = 1024 * 1024;
  private static final int MOST_AT_ONCE = 256 * 1024;

  private Payload() {}

  static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** Writes {@code length} random bytes in portions of 1 byte to 256 KiB; returns their SHA-256. */
  static String write(OutputStream out, Random random, long length) throws IOException {
    Digest digest = new Digest();
    long left = length;
    while (left > 0) {
      // Powers of two first: small portions are as frequent as large ones.
      int most = 1 << random.nextInt(1, Integer.numberOfTrailingZeros(MOST_AT_ONCE) + 1);
      byte[] portion = bytes(random, (int) Math.min(left, random.nextInt(1, most + 1)));
      out.write(portion);
      digest.add(portion, portion.length);
      left -= portion.length;
    }
    return digest.hex();
  }
}
