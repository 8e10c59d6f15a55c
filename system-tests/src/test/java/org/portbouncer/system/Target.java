package org.portbouncer.system;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A target in the JVM of the test, one virtual thread for each connection. What it does with the
 * next connections can be changed while it runs, so that one bouncer serves many tests.
 */
final class Target implements AutoCloseable {
  private static final int BACKLOG = 4096;

  private final ServerSocket listener;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Set<Client> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger accepted = new AtomicInteger();
  private volatile Handler handler;

  private Target(ServerSocket listener, Handler handler) {
    this.listener = listener;
    this.handler = handler;
    threads.execute(this::acceptAll);
  }

  static Target start(Handler handler) throws IOException {
    return start(Client.LOOPBACK, handler);
  }

  static Target start(InetAddress address, Handler handler) throws IOException {
    return start(new InetSocketAddress(address, 0), handler);
  }

  static Target start(InetSocketAddress address, Handler handler) throws IOException {
    ServerSocket listener = new ServerSocket();
    listener.bind(address, BACKLOG);
    return new Target(listener, handler);
  }

  private void acceptAll() {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        accepted.incrementAndGet();
        Handler now = handler;
        try {
          threads.execute(() -> serve(socket, now));
        } catch (RejectedExecutionException closing) {
          socket.close();
        }
      } catch (SocketException closed) {
        return;
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  private void serve(Socket socket, Handler now) {
    Client connection;
    try {
      connection = new Client(socket);
    } catch (IOException alreadyGone) {
      return;
    }
    open.add(connection);
    try (connection) {
      // A target waits as long as it takes: it is the test's client that must not wait for ever.
      connection.patience(0);
      socket.setTcpNoDelay(true);
      now.handle(connection);
    } catch (IOException ended) {
      // The other side went away: the test sees the consequences where it looks.
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(connection);
    }
  }

  /** What the next connections get. */
  void serve(Handler next) {
    handler = next;
  }

  int port() {
    return listener.getLocalPort();
  }

  /** Connections since the start. */
  int accepted() {
    return accepted.get();
  }

  /** Connections open now. */
  int open() {
    return open.size();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    threads.shutdownNow();
    for (Client connection : open) {
      connection.close();
    }
    threads.close();
  }
}
