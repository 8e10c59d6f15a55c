package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.portbouncer.system.Received.Ending;

/**
 * What a client and a target see of each other. It has to be the same whether bouncer is between
 * them or not, so these tests run both ways: the run without it proves the tests.
 */
@ExtendWith(Randomness.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ForwardingScenarios {
  static final int MIB = Payload.MIB;

  Target target;

  /** Where a client connects to reach {@link #target}. */
  abstract int port();

  /** Called at the end of a test for a session that must be over with this result. */
  abstract void assertEnded(Client client, String result, long up, long down);

  @BeforeAll
  void startTarget() throws IOException {
    target = Target.start(Handler.echo());
  }

  @AfterAll
  void stopTarget() throws IOException {
    target.close();
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void shouldDeliverEveryByteInOrderWhenBothSidesSendAtOnce(Random random) throws Exception {
    long length = 64L * MIB;
    CompletableFuture<String> down = new CompletableFuture<>();
    CompletableFuture<Received> up = new CompletableFuture<>();
    Random targetRandom = new Random(random.nextLong());
    target.serve(
        connection -> {
          Thread reader = Thread.startVirtualThread(() -> receive(connection, up));
          down.complete(connection.send(targetRandom, length));
          connection.finish();
          reader.join();
        });
    try (Client client = Client.to(port())) {
      CompletableFuture<Received> received = new CompletableFuture<>();
      Thread.startVirtualThread(() -> receive(client, received));
      String sent = client.send(random, length);
      client.finish();

      assertThat(get(received)).isEqualTo(new Received(length, get(down), Ending.EOF));
      assertThat(get(up)).isEqualTo(new Received(length, sent, Ending.EOF));
      assertEnded(client, "ok", length, length);
    }
  }

  private static void receive(Client connection, CompletableFuture<Received> received) {
    try {
      received.complete(connection.receiveAll());
    } catch (IOException | RuntimeException e) {
      received.completeExceptionally(e);
    }
  }

  @Test
  void shouldDeliverTheBannerWhenTheServerSpeaksFirst() throws Exception {
    target.serve(Handler.banner("220 ready\r\n"));
    try (Client client = Client.to(port())) {
      assertThat(client.receiveText(11)).isEqualTo("220 ready\r\n");
      client.echo("EHLO");
      client.finish();
      assertThat(client.receiveAll().ending()).isEqualTo(Ending.EOF);
      assertEnded(client, "ok", 4, 15);
    }
  }

  @Test
  void shouldAnswerWhenTheClientSpeaksFirst() throws Exception {
    target.serve(Handler.echo());
    try (Client client = Client.to(port())) {
      client.echo("hello");
      client.echo("again");
      client.finish();
      assertThat(client.receiveAll().ending()).isEqualTo(Ending.EOF);
      assertEnded(client, "ok", 10, 10);
    }
  }

  @Test
  void shouldEndCleanlyWhenTheClientSaysNothing() throws Exception {
    CompletableFuture<Received> up = new CompletableFuture<>();
    target.serve(Handler.sink(up));
    try (Client client = Client.to(port())) {
      client.finish();
      assertThat(client.receiveAll().ending()).isEqualTo(Ending.EOF);
      assertThat(get(up)).isEqualTo(new Received(0, Digest.of(new byte[0]), Ending.EOF));
      assertEnded(client, "ok", 0, 0);
    }
  }

  @Test
  void shouldDeliverTheWholeReplyWhenTheClientHasHalfClosed(Random random) throws Exception {
    CompletableFuture<Received> request = new CompletableFuture<>();
    byte[] reply = Payload.bytes(random, 5 * MIB);
    target.serve(
        connection -> {
          request.complete(connection.receiveAll());
          connection.send(reply);
        });
    try (Client client = Client.to(port())) {
      String sent = client.send(random, MIB);
      client.finish();
      assertThat(client.receiveAll())
          .isEqualTo(new Received(reply.length, Digest.of(reply), Ending.EOF));
      assertThat(get(request)).isEqualTo(new Received(MIB, sent, Ending.EOF));
      assertEnded(client, "ok", MIB, reply.length);
    }
  }

  @Test
  void shouldGoOnUploadingWhenTheServerHasHalfClosed(Random random) throws Exception {
    CompletableFuture<Received> upload = new CompletableFuture<>();
    byte[] greeting = Payload.bytes(random, 2 * MIB);
    target.serve(
        connection -> {
          connection.send(greeting);
          connection.finish();
          upload.complete(connection.receiveAll());
        });
    try (Client client = Client.to(port())) {
      assertThat(client.receiveAll())
          .isEqualTo(new Received(greeting.length, Digest.of(greeting), Ending.EOF));
      String sent = client.send(random, 5L * MIB);
      client.finish();
      assertThat(get(upload)).isEqualTo(new Received(5L * MIB, sent, Ending.EOF));
      assertEnded(client, "ok", 5L * MIB, greeting.length);
    }
  }

  @Test
  void shouldPassOnTheResetAfterAllBytesWhenTheClientResets(Random random) throws Exception {
    CompletableFuture<Received> upload = new CompletableFuture<>();
    target.serve(Handler.sink(upload));
    try (Client client = Client.to(port())) {
      String sent = client.send(random, 3L * MIB);
      client.awaitAcknowledged();
      client.reset();
      assertThat(get(upload)).isEqualTo(new Received(3L * MIB, sent, Ending.RESET));
      assertEnded(client, "reset", 3L * MIB, 0);
    }
  }

  @Test
  void shouldLoseNothingWhenTheClientResetsAheadOfASlowServer(Random random) throws Exception {
    CompletableFuture<Received> upload = new CompletableFuture<>();
    target.serve(Handler.slowSink(upload, Pause.every(MIB / 2, Duration.ofMillis(50))));
    try (Client client = Client.to(port())) {
      String sent = client.send(random, 8L * MIB);
      client.awaitAcknowledged();
      client.reset();
      assertThat(get(upload)).isEqualTo(new Received(8L * MIB, sent, Ending.RESET));
      assertEnded(client, "reset", 8L * MIB, 0);
    }
  }

  @Test
  void shouldLoseNothingWhenTheClientResetsBeforeTheServerReads(Random random) throws Exception {
    CompletableFuture<Received> upload = new CompletableFuture<>();
    CountDownLatch read = new CountDownLatch(1);
    target.serve(Handler.lateSink(read, upload));
    int before = target.accepted();
    try (Client client = Client.to(port())) {
      String sent = client.send(random, 20_000);
      await("the target's connection").until(() -> target.accepted() == before + 1);
      client.awaitAcknowledged();
      client.reset();
      read.countDown();
      assertThat(get(upload)).isEqualTo(new Received(20_000, sent, Ending.RESET));
      assertEnded(client, "reset", 20_000, 0);
    }
  }

  @Test
  void shouldPassOnTheResetWhenTheClientResetsWhileTheServerSends(Random random) throws Exception {
    CompletableFuture<String> failure = new CompletableFuture<>();
    byte[] portion = Payload.bytes(random, 64 * 1024);
    target.serve(
        connection -> {
          try {
            while (true) {
              connection.send(portion);
            }
          } catch (IOException e) {
            failure.complete(String.valueOf(e.getMessage()));
          }
        });
    try (Client client = Client.to(port())) {
      client.receive(4 * MIB);
      client.reset();
      assertThat(get(failure)).containsAnyOf("Connection reset", "Broken pipe");
    }
  }

  @Test
  void shouldPassOnTheResetAfterAllBytesWhenTheServerResets(Random random) throws Exception {
    byte[] reply = Payload.bytes(random, 3 * MIB);
    target.serve(Handler.sendThenReset(reply));
    try (Client client = Client.to(port())) {
      assertThat(client.receiveAll())
          .isEqualTo(new Received(reply.length, Digest.of(reply), Ending.RESET));
      assertEnded(client, "reset", 0, reply.length);
    }
  }

  @Test
  void shouldLoseNothingWhenTheServerResetsAheadOfASlowClient(Random random) throws Exception {
    byte[] reply = Payload.bytes(random, 8 * MIB);
    target.serve(Handler.sendThenReset(reply));
    try (Client client = Client.to(port())) {
      assertThat(Received.all(client.in(), Pause.every(MIB / 2, Duration.ofMillis(50))))
          .isEqualTo(new Received(reply.length, Digest.of(reply), Ending.RESET));
      assertEnded(client, "reset", 0, reply.length);
    }
  }

  @Test
  void shouldPassOnTheResetWhenTheServerResetsAnIdleSession() throws Exception {
    target.serve(Handler.resetAfter(5));
    try (Client client = Client.to(port())) {
      client.send("hello");
      assertThat(client.receiveAll())
          .isEqualTo(new Received(0, Digest.of(new byte[0]), Ending.RESET));
      assertEnded(client, "reset", 5, 0);
    }
  }

  @Test
  void shouldPassOnTheResetWhenTheServerResetsWithUnreadBytes() throws Exception {
    target.serve(Handler.resetAfter(1_000));
    try (Client client = Client.to(port())) {
      client.send(new byte[5_000]);
      assertThat(client.receiveAll().ending()).isEqualTo(Ending.RESET);
      assertEnded(client, "reset", 5_000, 0);
    }
  }

  @Test
  void shouldStopTheSenderWithinABoundWhenTheServerDoesNotRead(Random random) throws Exception {
    CompletableFuture<Received> upload = new CompletableFuture<>();
    CountDownLatch read = new CountDownLatch(1);
    target.serve(Handler.lateSink(read, upload));
    try (SocketChannel channel =
        SocketChannel.open(new InetSocketAddress(Client.LOOPBACK, port()))) {
      Digest digest = new Digest();
      long sent = fill(channel, random, digest);
      assertThat(sent).as("bytes that buffers took").isLessThan(32L * MIB);
      read.countDown();
      channel.shutdownOutput();
      assertThat(get(upload)).isEqualTo(new Received(sent, digest.hex(), Ending.EOF));
    }
  }

  /** Sends until nothing more has been taken for a second; returns how much was taken. */
  private static long fill(SocketChannel channel, Random random, Digest digest) throws IOException {
    channel.configureBlocking(false);
    byte[] portion = Payload.bytes(random, 64 * 1024);
    long sent = 0;
    long lastTaken = System.nanoTime();
    while (System.nanoTime() - lastTaken < Duration.ofSeconds(1).toNanos() && sent < 256L * MIB) {
      int taken = channel.write(ByteBuffer.wrap(portion));
      if (taken > 0) {
        digest.add(portion, taken);
        sent += taken;
        lastTaken = System.nanoTime();
      } else {
        Pause.millis(5);
      }
    }
    return sent;
  }

  @Test
  void shouldStopTheServerWithinABoundWhenTheClientDoesNotRead(Random random) throws Exception {
    AtomicLong taken = new AtomicLong();
    AtomicBoolean enough = new AtomicBoolean();
    CompletableFuture<String> digest = new CompletableFuture<>();
    byte[] portion = Payload.bytes(random, 64 * 1024);
    target.serve(
        connection -> {
          Digest sum = new Digest();
          while (!enough.get() && taken.get() < 256L * MIB) {
            connection.send(portion);
            sum.add(portion, portion.length);
            taken.addAndGet(portion.length);
          }
          digest.complete(sum.hex());
        });
    try (Client client = Client.to(port())) {
      awaitStandstill(taken);
      assertThat(taken.get()).as("bytes that buffers took").isLessThan(32L * MIB);
      enough.set(true);
      Received received = client.receiveAll();
      assertThat(received).isEqualTo(new Received(taken.get(), get(digest), Ending.EOF));
    }
  }

  /** Waits until a number above 0 has not changed for a second. */
  private static void awaitStandstill(AtomicLong number) {
    AtomicLong last = new AtomicLong();
    await("a standstill")
        .atMost(Patience.seconds(30))
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> last.getAndSet(number.get()) == number.get() && number.get() > 0);
  }
}
