package org.portbouncer.system;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Asks the admin socket directly: a line out, a line of JSON back, no JVM to start. */
final class AdminClient {
  private static final ObjectMapper JSON = new ObjectMapper();

  private AdminClient() {}

  static JsonNode ask(Path socket, String request) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      ByteBuffer line = ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.UTF_8));
      while (line.hasRemaining()) {
        channel.write(line);
      }
      return JSON.readTree(readLine(channel));
    }
  }

  private static byte[] readLine(SocketChannel channel) throws IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
    while (true) {
      if (channel.read(buffer.clear()) < 0) {
        throw new EOFException("the admin socket closed after " + answer);
      }
      byte[] bytes = buffer.array();
      for (int i = 0; i < buffer.position(); i++) {
        if (bytes[i] == '\n') {
          answer.write(bytes, 0, i);
          return answer.toByteArray();
        }
      }
      answer.write(bytes, 0, buffer.position());
    }
  }
}
