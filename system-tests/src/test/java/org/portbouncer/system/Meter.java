package org.portbouncer.system;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Clients that read as fast as they can, and how much each of them has got. */
final class Meter implements AutoCloseable {
  private final List<Client> clients = new ArrayList<>();
  private final List<AtomicLong> counts = new ArrayList<>();

  /** Opens sessions of one source and begins to read. */
  Meter open(String source, int port, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      Client client = Client.from(source, port);
      AtomicLong bytes = new AtomicLong();
      clients.add(client);
      counts.add(bytes);
      Thread.ofVirtual().start(() -> readAll(client, bytes));
    }
    return this;
  }

  private static void readAll(Client client, AtomicLong bytes) {
    byte[] buffer = new byte[64 * 1024];
    try {
      int count;
      while ((count = client.in().read(buffer)) >= 0) {
        bytes.addAndGet(count);
      }
    } catch (IOException ended) {
      // What it got until then is what counts.
    }
  }

  /** What each of them has got so far. */
  long[] counts() {
    return counts.stream().mapToLong(AtomicLong::get).toArray();
  }

  long total() {
    return counts.stream().mapToLong(AtomicLong::get).sum();
  }

  /** Bytes a second that each gets from now on, in about so much time. */
  long[] rates(long millis) {
    long begun = System.nanoTime();
    long[] before = counts();
    Pause.millis(millis);
    long[] rates = counts();
    // On a busy machine it is more time than was asked for.
    double seconds = (System.nanoTime() - begun) / 1e9;
    for (int i = 0; i < rates.length; i++) {
      rates[i] = Math.round((rates[i] - before[i]) / seconds);
    }
    return rates;
  }

  /** Jain's index of fairness: 1 where all are equal. */
  static double jain(long[] parts) {
    double sum = 0;
    double squares = 0;
    for (long part : parts) {
      sum += part;
      squares += (double) part * part;
    }
    return squares == 0 ? 0 : sum * sum / (parts.length * squares);
  }

  @Override
  public void close() throws IOException {
    for (Client client : clients) {
      client.close();
    }
  }
}
