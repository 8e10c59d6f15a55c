package org.portbouncer.launcher.metrics;

import com.sun.net.httpserver.HttpServer;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Serves metrics and the status page over HTTP. In the mother, on threads of its own: nothing it
 * does waits for her loop, nor she for it. There are at most as many threads as connections, and of
 * both a fixed number; who is slow to ask or to read is disconnected.
 */
public final class MetricsServer implements Closeable {

  private static final int CONNECTIONS = 64;
  private static final int BACKLOG = 64;
  private static final int IDLE_THREAD_SECONDS = 10;

  static {
    // Read once, when the JDK's server is loaded; there are no methods for them.
    property("sun.net.httpserver.maxReqTime", 5);
    property("sun.net.httpserver.maxRspTime", 10);
    property("sun.net.httpserver.idleInterval", 60);
    property("jdk.httpserver.maxConnections", CONNECTIONS);
    property("sun.net.httpserver.maxReqHeaderSize", 16 * 1024);
    // Head and body are written apart: without this the second waits for the first one's ack.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private static void property(String name, int value) {
    if (System.getProperty(name) == null) {
      System.setProperty(name, Integer.toString(value));
    }
  }

  private final HttpServer http;
  private final ExecutorService threads;
  private final ExecutorService spare;
  private final History history;

  private MetricsServer(
      HttpServer http, ExecutorService threads, ExecutorService spare, History history) {
    this.http = http;
    this.threads = threads;
    this.spare = spare;
    this.history = history;
  }

  /**
   * Binds, and answers from then on.
   *
   * @param address where; port 0 lets the kernel pick one
   * @param hosts names that lead to it, beside its addresses and localhost
   * @param source what there is to tell; asked on this server's threads
   * @throws IOException where it cannot be bound
   */
  public static MetricsServer open(
      InetSocketAddress address, List<String> hosts, MetricsSource source) throws IOException {
    AcceptPause.install();
    HttpServer http = HttpServer.create(address, BACKLOG);
    ExecutorService threads =
        new ThreadPoolExecutor(
            1,
            CONNECTIONS,
            IDLE_THREAD_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Thread.ofPlatform().daemon().name("metrics-", 0).factory());
    History history = new History(source);
    // There from the start: answers one after the other where no further thread is to be had, of
    // which the JDK's server would die.
    ThreadPoolExecutor spare =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("metrics-spare").factory());
    spare.prestartAllCoreThreads();
    http.setExecutor(
        task -> {
          try {
            threads.execute(task);
          } catch (OutOfMemoryError e) {
            spare.execute(task);
          }
        });
    http.createContext("/", new Router(source, history, new HostNames(hosts)));
    http.start();
    return new MetricsServer(http, threads, spare, history);
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return http.getAddress();
  }

  /** Where it listens, "127.0.0.1:9464". */
  public String addressText() {
    String host = address().getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address().getPort();
  }

  /** Begins what needs the server to be up: the samples of the status page. */
  public void serving() {
    history.begin();
  }

  @Override
  public void close() {
    history.close();
    http.stop(0);
    threads.shutdownNow();
    spare.shutdownNow();
  }
}
