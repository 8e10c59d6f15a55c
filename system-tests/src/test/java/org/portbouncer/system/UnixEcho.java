package org.portbouncer.system;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** A target that echoes on a Unix socket. */
final class UnixEcho implements AutoCloseable {
  private final ServerSocketChannel listener;

  UnixEcho(Path path) throws IOException {
    listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    listener.bind(UnixDomainSocketAddress.of(path));
    Thread.ofPlatform().daemon().name("unix echo").start(this::acceptAll);
  }

  private void acceptAll() {
    while (listener.isOpen()) {
      try {
        SocketChannel connection = listener.accept();
        Thread.ofPlatform().daemon().start(() -> echo(connection));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private static void echo(SocketChannel connection) {
    ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
    try (connection) {
      while (connection.read(buffer.clear()) >= 0) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          connection.write(buffer);
        }
      }
    } catch (IOException ended) {
      // The other side went away.
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
