package org.portbouncer.system;

import java.io.IOException;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/** What a test target does with one connection. The connection is closed after it returns. */
@FunctionalInterface
interface Handler {
  void handle(Client connection) throws IOException, InterruptedException;

  /** Sends everything back until the end of the stream. */
  static Handler echo() {
    return connection -> connection.in().transferTo(connection.out());
  }

  /** Reads to the end and tells what came. */
  static Handler sink(CompletableFuture<Received> received) {
    return connection -> complete(received, connection, bytes -> {});
  }

  /** As {@link #sink}, but waits for {@code start} before it reads the first byte. */
  static Handler lateSink(CountDownLatch start, CompletableFuture<Received> received) {
    return connection -> {
      start.await();
      complete(received, connection, bytes -> {});
    };
  }

  private static void complete(
      CompletableFuture<Received> received, Client connection, Received.Pace pace) {
    try {
      received.complete(Received.all(connection.in(), pace));
    } catch (IOException | RuntimeException e) {
      received.completeExceptionally(e);
    }
  }

  /** As {@link #sink}, but reads only when {@code pace} lets it. */
  static Handler slowSink(CompletableFuture<Received> received, Received.Pace pace) {
    return connection -> complete(received, connection, pace);
  }

  /** Sends random bytes, then closes. */
  static Handler source(Random random, long length, CompletableFuture<String> digest) {
    return connection -> {
      digest.complete(connection.send(random, length));
      connection.finish();
      Received.all(connection.in());
    };
  }

  /** Sends for as long as the other side is there. */
  static Handler flood() {
    return connection -> {
      byte[] bytes = new byte[64 * 1024];
      while (true) {
        connection.send(bytes);
      }
    };
  }

  /**
   * Sends so many bytes a second and reads nothing: every hundredth of a second by half more or
   * less. What does not get through is sent as soon as it does, but for what is older than a
   * second.
   */
  static Handler uneven(int perSecond, Random random) {
    return connection -> {
      double owed = 0;
      long last = System.nanoTime();
      while (true) {
        Pause.millis(10);
        long now = System.nanoTime();
        owed += perSecond * ((now - last) / 1e9) * (0.5 + random.nextDouble());
        owed = Math.min(owed, (double) perSecond);
        last = now;
        connection.send(new byte[(int) owed]);
        owed -= (int) owed;
      }
    };
  }

  /** Speaks first, then echoes. */
  static Handler banner(String text) {
    return connection -> {
      connection.send(text);
      echo().handle(connection);
    };
  }

  /** Says nothing and reads nothing until {@code end}. */
  static Handler hold(CountDownLatch end) {
    return connection -> end.await();
  }

  /** Reads a number of bytes, then closes with a reset. */
  static Handler resetAfter(int bytes) {
    return connection -> {
      connection.receive(bytes);
      connection.reset();
    };
  }

  /** Sends these bytes and closes with a reset when the other side's kernel has them all. */
  static Handler sendThenReset(byte[] bytes) {
    return connection -> {
      connection.send(bytes);
      connection.awaitAcknowledged();
      connection.reset();
    };
  }

  /** Reads a number of bytes, then closes as the kernel does for a process that dies. */
  static Handler dieAfter(int bytes) {
    return connection -> {
      connection.receive(bytes);
      connection.close();
    };
  }
}
