package org.portbouncer.system;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sessions of all sorts, one after the other on many threads, until it is closed: short and long,
 * small and large, some that stay for a while. Every byte is checked; how each session ended is
 * remembered.
 */
final class ChaosLoad implements AutoCloseable {
  private static final int THREADS = 48;
  private static final int PATIENCE_MILLIS = 60_000;
  private static final int MOST_BYTES = 60_000;
  private static final int MOST_PAUSE_MILLIS = 400;

  /**
   * How a session ended for its client.
   *
   * @param bytes sent and received back; -1 where it was cut off
   * @param why what cut it off, or null
   */
  record Outcome(long bytes, String why) {
    boolean whole() {
      return why == null;
    }
  }

  private final int[] ports;
  private final Map<String, Outcome> outcomes = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicInteger failedToConnect = new AtomicInteger();
  private volatile boolean closing;
  private volatile Throwable wrong;

  /**
   * @param random where each thread's own seed comes from
   * @param ports listeners whose target echoes
   */
  ChaosLoad(Random random, int... ports) {
    this.ports = ports;
    for (int i = 0; i < THREADS; i++) {
      Random own = new Random(random.nextLong());
      String source = "127.3." + i + ".1";
      threads.execute(() -> run(source, own));
    }
  }

  private void run(String source, Random random) {
    while (!closing && wrong == null) {
      int port = ports[random.nextInt(ports.length)];
      try (Client client = Client.from(source, port)) {
        client.patience(PATIENCE_MILLIS);
        outcomes.put(client.address(), session(client, random));
      } catch (IOException refused) {
        failedToConnect.incrementAndGet();
        wrong = refused;
      } catch (RuntimeException | Error e) {
        wrong = e;
      }
    }
  }

  private static Outcome session(Client client, Random random) {
    long bytes = 0;
    try {
      int rounds = random.nextInt(4) == 0 ? random.nextInt(1, 6) : 1;
      for (int round = 0; round < rounds; round++) {
        byte[] sent = Payload.bytes(random, random.nextInt(1, MOST_BYTES));
        client.send(sent);
        byte[] back = client.receive(sent.length);
        if (!Arrays.equals(sent, back)) {
          throw new IllegalStateException(client.address() + ": bytes came back changed");
        }
        bytes += sent.length;
        if (round > 0) {
          Pause.millis(random.nextInt(MOST_PAUSE_MILLIS));
        }
      }
      client.finish();
      Received rest = client.receiveAll();
      if (rest.bytes() != 0) {
        throw new IllegalStateException(client.address() + ": more came than was sent");
      }
      return rest.ending() == Received.Ending.EOF
          ? new Outcome(bytes, null)
          : new Outcome(-1, "reset at the end");
    } catch (IOException cut) {
      return new Outcome(-1, String.valueOf(cut.getMessage()));
    }
  }

  /** How each session ended, by its client's address. */
  Map<String, Outcome> outcomes() {
    return outcomes;
  }

  /** Lets the sessions that run end, and fails where a client was refused or got wrong bytes. */
  @Override
  public void close() {
    closing = true;
    threads.close();
    if (wrong != null) {
      throw new AssertionError("a client was refused, or got what it should not", wrong);
    }
  }
}
