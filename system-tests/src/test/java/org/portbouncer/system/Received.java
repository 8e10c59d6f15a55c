package org.portbouncer.system;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.net.SocketTimeoutException;

/**
 * What came out of a stream up to its end.
 *
 * @param bytes how many
 * @param digest SHA-256 of them
 * @param ending how it ended
 */
record Received(long bytes, String digest, Ending ending) {
  /** How a stream can end. */
  enum Ending {
    /** End of stream. */
    EOF,
    /** A reset. */
    RESET
  }

  static Received all(InputStream in) throws IOException {
    return all(in, count -> {});
  }

  /**
   * Reads to the end.
   *
   * @param pace called after each read with the number of bytes so far; may wait
   */
  static Received all(InputStream in, Pace pace) throws IOException {
    Digest digest = new Digest();
    byte[] buffer = new byte[64 * 1024];
    long bytes = 0;
    while (true) {
      int count;
      try {
        count = in.read(buffer);
      } catch (SocketTimeoutException e) {
        throw new IOException("nothing came for long after " + bytes + " bytes", e);
      } catch (SocketException e) {
        if (!String.valueOf(e.getMessage()).contains("Connection reset")) {
          throw e;
        }
        return new Received(bytes, digest.hex(), Ending.RESET);
      }
      if (count < 0) {
        return new Received(bytes, digest.hex(), Ending.EOF);
      }
      digest.add(buffer, count);
      bytes += count;
      pace.after(bytes);
    }
  }

  /** Slows a reader down. */
  @FunctionalInterface
  interface Pace {
    void after(long bytes) throws IOException;
  }
}
