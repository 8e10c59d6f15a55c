package org.portbouncer.system;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * A target that does not answer, for ever or until {@link #answer}: its listen queue is full, so
 * the kernel drops every further SYN. The same works on loopback, where nothing else would swallow
 * a SYN without firewall rules.
 */
final class HangingTarget implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 300;
  private static final int MOST = 16;

  private final ServerSocket listener = new ServerSocket();
  private final List<Socket> queued = Collections.synchronizedList(new ArrayList<>());
  private Thread answering;

  HangingTarget() throws IOException {
    this(new InetSocketAddress(Client.LOOPBACK, 0));
  }

  HangingTarget(InetSocketAddress address) throws IOException {
    listener.bind(address, 1);
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

  /**
   * Answers from now on, as an echo. Those who wait already are answered when their kernel asks
   * again, within a second or two.
   */
  void answer() {
    answering =
        Thread.ofVirtual()
            .start(
                () -> {
                  while (!listener.isClosed()) {
                    try {
                      Socket accepted = listener.accept();
                      queued.add(accepted);
                      Thread.ofVirtual().start(() -> echo(accepted));
                    } catch (IOException closed) {
                      return;
                    }
                  }
                });
  }

  private static void echo(Socket socket) {
    try (Client connection = new Client(socket)) {
      Handler.echo().handle(connection);
    } catch (IOException | InterruptedException ended) {
      // The test sees it where it looks.
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    if (answering != null) {
      Pause.untilEnd(answering);
    }
    for (Socket socket : queued) {
      socket.close();
    }
  }
}
