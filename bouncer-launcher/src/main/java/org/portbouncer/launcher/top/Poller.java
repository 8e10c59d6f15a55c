package org.portbouncer.launcher.top;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Asks the server, on a thread of its own: one that is slow to answer must not make the keys slow.
 */
final class Poller implements Closeable {

  private final TopServer server;
  private final Queue<News> news = new ConcurrentLinkedQueue<>();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("top-poller").factory());

  private volatile Query query;

  /** What came of asking. */
  sealed interface News {

    record Fresh(Snapshot snapshot) implements News {}

    record Trouble(String why) implements News {}

    record Done(String message) implements News {}
  }

  Poller(TopServer server, Query query) {
    this.server = server;
    this.query = query;
  }

  void begin(Duration interval) {
    var _ = thread.scheduleAtFixedRate(this::look, 0, interval.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** The oldest that was not fetched yet; null for none. */
  News next() {
    return news.poll();
  }

  /** Asks for these sessions from now on, and at once. */
  void want(Query wanted) {
    query = wanted;
    thread.execute(this::look);
  }

  void kill(long id) {
    thread.execute(
        () -> {
          try {
            news.add(new News.Done(server.kill(id)));
          } catch (IOException e) {
            news.add(new News.Done("session " + id + " was not killed: " + e.getMessage()));
          }
          look();
        });
  }

  private void look() {
    try {
      news.add(new News.Fresh(server.snapshot(query)));
    } catch (IOException | RuntimeException e) { // one that escaped would end the looking for good
      news.add(new News.Trouble(String.valueOf(e.getMessage())));
    }
  }

  @Override
  public void close() throws IOException {
    thread.shutdownNow();
    server.close();
  }
}
