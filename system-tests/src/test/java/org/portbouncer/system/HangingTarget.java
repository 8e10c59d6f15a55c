package org.portbouncer.system;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;

/**
 * A target that never answers: its listen queue is full, so the kernel drops every further SYN. The
 * same works on loopback, where nothing else would swallow a SYN without firewall rules.
 */
final class HangingTarget implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 300;
  private static final int MOST = 16;

  private final ServerSocket listener = new ServerSocket();
  private final List<Socket> queued = new ArrayList<>();

  HangingTarget() throws IOException {
    listener.bind(new InetSocketAddress(Client.LOOPBACK, 0), 1);
    while (connects()) {
      if (queued.size() > MOST) {
        throw new IOException("the listen queue does not fill up");
      }
    }
  }

  private boolean connects() throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(listener.getLocalSocketAddress(), PATIENCE_MILLIS);
      queued.add(socket);
      return true;
    } catch (SocketTimeoutException full) {
      socket.close();
      return false;
    }
  }

  int port() {
    return listener.getLocalPort();
  }

  @Override
  public void close() throws IOException {
    for (Socket socket : queued) {
      socket.close();
    }
    listener.close();
  }
}
