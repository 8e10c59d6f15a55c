package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Clients who come to a server one after the other, each to be served, until that is enough. */
final class Load implements AutoCloseable {

  /** Comes once. */
  private interface Visitor {
    Client come() throws IOException;
  }

  private final List<String> failures = new CopyOnWriteArrayList<>();
  private final AtomicInteger served = new AtomicInteger();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean over;

  private Load() {}

  /** One after the other, without a pause. */
  static Load on(int port) {
    Load load = new Load();
    load.begin(() -> Client.to(port), 0);
    return load;
  }

  /** The same from each of these addresses at once: the ports of one are not enough for all. */
  static Load on(int port, List<String> sources) {
    Load load = new Load();
    sources.forEach(source -> load.begin(() -> Client.from(source, port), 2));
    return load;
  }

  private void begin(Visitor visitor, int pauseMs) {
    threads.add(Thread.ofPlatform().daemon().start(() -> comeAndGo(visitor, pauseMs)));
  }

  private void comeAndGo(Visitor visitor, int pauseMs) {
    while (!over) {
      Pause.millis(pauseMs);
      try (Client client = visitor.come()) {
        client.echo("new");
        served.incrementAndGet();
      } catch (IOException | AssertionError e) {
        failures.add(e.toString());
      }
    }
  }

  /** How many so far. */
  int served() {
    return served.get();
  }

  /** Waits until so many more have been served. */
  void awaitServed(int more) {
    int before = served.get();
    await("new clients").atMost(Patience.seconds(30)).until(() -> served.get() >= before + more);
  }

  /** Ends it; all must have been served. */
  void end() {
    close();
    assertThat(failures).as("of %d, all in all", served.get()).isEmpty();
  }

  @Override
  public void close() {
    over = true;
    threads.forEach(Pause::untilEnd);
  }
}
