package org.portbouncer.system;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** Very many clients that stay, without a thread or a buffer for any. */
final class Crowd implements AutoCloseable {
  private final List<SocketChannel> clients = new ArrayList<>();

  private Crowd() {}

  /**
   * Connects so many.
   *
   * @param source where they come from, an address of the loopback network
   */
  static Crowd of(int count, String source, int port) throws IOException {
    Crowd crowd = new Crowd();
    try {
      InetSocketAddress from = new InetSocketAddress(InetAddress.ofLiteral(source), 0);
      InetSocketAddress to = new InetSocketAddress(Client.LOOPBACK, port);
      for (int i = 0; i < count; i++) {
        SocketChannel client = SocketChannel.open();
        crowd.clients.add(client);
        client.setOption(StandardSocketOptions.SO_LINGER, 0);
        client.bind(from);
        client.connect(to);
      }
      return crowd;
    } catch (IOException | RuntimeException e) {
      crowd.close();
      throw e;
    }
  }

  /** They go, without a trace that would keep their ports. */
  @Override
  public void close() {
    for (SocketChannel client : clients) {
      try {
        client.close();
      } catch (IOException e) {
        // It has gone anyway.
      }
    }
  }
}
