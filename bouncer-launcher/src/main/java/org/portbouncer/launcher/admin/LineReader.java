package org.portbouncer.launcher.admin;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;

/**
 * Cuts what a socket delivers into lines. Used by one thread at a time, in the mother and in
 * commands. A read that the socket's own timeout ended counts as a timeout of the line.
 */
final class LineReader {

  private static final int CHUNK = 16 * 1024;

  private final ReadableByteChannel channel;
  private final int maxBytes;
  private final ByteBuffer buffer = ByteBuffer.allocate(CHUNK).flip();

  /**
   * @param channel a blocking channel
   * @param maxBytes the longest line, its end not counted
   */
  LineReader(ReadableByteChannel channel, int maxBytes) {
    this.channel = channel;
    this.maxBytes = maxBytes;
  }

  /** The peer sent nothing for as long as its socket waits. */
  static final class IdleException extends IOException {
    private static final long serialVersionUID = 1L;

    IdleException() {
      super("no line in time");
    }
  }

  /** The peer sent a line longer than allowed. */
  static final class TooLongException extends IOException {
    private static final long serialVersionUID = 1L;

    TooLongException(int maxBytes) {
      super("a line may have " + maxBytes + " bytes at most");
    }
  }

  /**
   * Returns the next line without its end, or null where the peer has closed; half a line at the
   * end is dropped.
   */
  String next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      while (buffer.hasRemaining()) {
        byte b = buffer.get();
        if (b == '\n') {
          return line.toString(StandardCharsets.UTF_8);
        }
        if (line.size() == maxBytes) {
          throw new TooLongException(maxBytes);
        }
        line.write(b);
      }
      if (!fill()) {
        return null;
      }
    }
  }

  private boolean fill() throws IOException {
    buffer.clear();
    int read;
    try {
      read = channel.read(buffer);
    } finally {
      buffer.flip();
    }
    if (read
        == 0) { // jnr's answer to EAGAIN, which a blocking socket gives when SO_RCVTIMEO is over
      throw new IdleException();
    }
    return read > 0;
  }
}
