package org.portbouncer.launcher.admin;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.portbouncer.core.sys.SockAddr;

/** What both ends of the admin socket share: how long a path may be and how a line is written. */
final class Wire {

  /** The longest request line, its end not counted. */
  static final int MAX_REQUEST_BYTES = 64 * 1024;

  /** {@code sun_path} holds 108 bytes, one of them the end. */
  static final int MAX_PATH_BYTES = SockAddr.MOST_PATH;

  /** jnr copies what is left at every write, so a long answer goes out in pieces. */
  private static final int PIECE = 64 * 1024;

  private Wire() {}

  static boolean fits(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8).length <= MAX_PATH_BYTES;
  }

  /**
   * Writes one line to a blocking socket; gives up where the peer does not read within the socket's
   * own timeout.
   */
  static void writeLine(WritableByteChannel channel, String line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      ByteBuffer piece = bytes.slice(bytes.position(), Math.min(PIECE, bytes.remaining()));
      int written = channel.write(piece);
      if (written
          <= 0) { // jnr's answer to EAGAIN, which a blocking socket gives when SO_SNDTIMEO is over
        throw new LineReader.IdleException();
      }
      bytes.position(bytes.position() + written);
    }
  }
}
