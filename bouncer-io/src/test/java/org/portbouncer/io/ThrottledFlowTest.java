package org.portbouncer.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.core.config.Timeouts;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.sys.Libc;

/** A flow whose class delays the data: nothing is lost, nothing is cut, nothing spins. */
@Timeout(60)
class ThrottledFlowTest {

  private static final int KIB = 1024;
  private static final Timeouts NEVER = new Timeouts(0, 0, 0, 0);

  private final SharedArea area = SharedArea.create(64);
  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void close() {
    threads.shutdownNow();
    Libc.close(area.fd());
  }

  private void rates(long up, long down) {
    area.classes().set(0, up, down, 0, System.nanoTime());
  }

  private Future<Long> receiving(Peer at, Peer from) {
    return threads.submit(() -> at.receive(from, 0, Long.MAX_VALUE, 65_536, new Random(1)));
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.get(50, TimeUnit.SECONDS);
  }

  @Test
  void shouldLimitEachWayByItselfAndChangeNoByte() throws Exception {
    rates(256 * KIB, 1024 * KIB);
    try (FlowRig rig = FlowRig.limited(area, NEVER)) {
      Future<Long> up = receiving(rig.target, rig.client);
      Future<Long> down = receiving(rig.client, rig.target);
      long begun = System.nanoTime();
      Future<?> answers =
          threads.submit(
              () -> {
                rig.target.send(rig.target, 0, 512 * KIB, 65_536, new Random(2));
                rig.target.end();
              });
      rig.client.send(rig.client, 0, 256 * KIB, 65_536, new Random(3));
      rig.client.end();
      get(answers);
      assertThat(get(down)).isEqualTo(512L * KIB);
      assertThat((System.nanoTime() - begun) / 1e9).as("seconds down").isBetween(0.45, 1.5);
      assertThat(get(up)).isEqualTo(256L * KIB);
      assertThat((System.nanoTime() - begun) / 1e9).as("seconds up").isBetween(0.95, 2.5);
      rig.awaitEnd();
      assertThat(rig.result).isEqualTo(Result.OK);
      assertThat(rig.throttledNanos()).isGreaterThan(500_000_000);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldDeliverWhatCameBeforeAResetAtItsRate(boolean clientResets) throws Exception {
    rates(128 * KIB, 128 * KIB);
    try (FlowRig rig = FlowRig.limited(area, NEVER)) {
      Peer resetting = clientResets ? rig.client : rig.target;
      Peer reading = clientResets ? rig.target : rig.client;
      resetting.send(resetting, 0, 48 * KIB, 65_536, new Random(4));
      resetting.awaitAcknowledged();
      resetting.reset();
      assertThat(reading.receiveUntilReset(resetting, 0)).isEqualTo(48 * KIB);
      rig.awaitEnd();
      assertThat(rig.result).isEqualTo(Result.RESET);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldEndAtOnceWhenTheReaderResetsWhileTheRestWaits(boolean clientReads) throws Exception {
    rates(1, 1);
    try (FlowRig rig = FlowRig.limited(area, NEVER)) {
      Peer reading = clientReads ? rig.client : rig.target;
      Peer sending = clientReads ? rig.target : rig.client;
      sending.send(sending, 0, 1000, 1000, new Random(5));
      reading.receive(sending, 0, 1, 1, new Random(6));
      reading.reset();
      rig.awaitEnd();
      assertThat(rig.result).isEqualTo(Result.RESET);
    }
  }

  @Test
  void shouldNotCallASessionIdleThatWaitsForItsRate() throws Exception {
    // A byte a second, where 300 ms without one are too long.
    rates(1, 1);
    try (FlowRig rig = FlowRig.limited(area, new Timeouts(0, 0, 300, 300))) {
      Future<Long> received = receiving(rig.target, rig.client);
      rig.client.send(rig.client, 0, 3, 3, new Random(7));
      rig.client.end();
      assertThat(get(received)).isEqualTo(3);
      // Now nobody waits any more: it is idle.
      rig.awaitEnd();
      assertThat(rig.result).isEqualTo(Result.TIMEOUT);
      assertThat(rig.term).isEqualTo(Term.TARGET_IDLE_LAST);
    }
  }

  @Test
  void shouldPassTheEndOnAtOnceWhereNoByteWaits() throws Exception {
    rates(1, 1);
    try (FlowRig rig = FlowRig.limited(area, NEVER)) {
      rig.client.send(rig.client, 0, 1, 1, new Random(8));
      rig.target.receive(rig.client, 0, 1, 1, new Random(9));
      // The bucket is empty; an end needs nothing of it.
      long begun = System.nanoTime();
      Future<Long> up = receiving(rig.target, rig.client);
      Future<Long> down = receiving(rig.client, rig.target);
      rig.client.end();
      assertThat(get(up)).isZero();
      rig.target.end();
      assertThat(get(down)).isZero();
      rig.awaitEnd();
      assertThat((System.nanoTime() - begun) / 1_000_000).as("milliseconds").isLessThan(800);
    }
  }

  @Test
  void shouldGoOnAtOnceWhenTheLimitIsLifted() throws Exception {
    rates(1, 1);
    try (FlowRig rig = FlowRig.limited(area, NEVER)) {
      Future<Long> received = receiving(rig.target, rig.client);
      rig.client.send(rig.client, 0, 10_000, 10_000, new Random(10));
      rig.client.end();
      long limit = System.nanoTime() + 10_000_000_000L;
      while (rig.up == 0 && System.nanoTime() < limit) {
        Thread.onSpinWait();
      }
      rates(0, 0);
      rig.classChanged();
      long begun = System.nanoTime();
      assertThat(get(received)).isEqualTo(10_000);
      assertThat((System.nanoTime() - begun) / 1_000_000).as("milliseconds").isLessThan(800);
    }
  }

  @Test
  void shouldNotSpinWhileItWaits() throws Exception {
    rates(1, 1);
    try (FlowRig rig = FlowRig.limited(area, NEVER)) {
      rig.client.send(rig.client, 0, 10_000, 10_000, new Random(11));
      rig.target.send(rig.target, 0, 10_000, 10_000, new Random(12));
      rig.target.receive(rig.client, 0, 1, 1, new Random(13));
      long before = rig.turns;
      Thread.sleep(1_000);
      assertThat(rig.turns - before).as("turns of the loop in a second").isLessThan(20);
      rig.kill();
    }
  }

  @Test
  void shouldAllocateNothingWhileItIsLimited() throws Exception {
    rates(50 << 20, 50 << 20);
    try (FlowRig rig = FlowRig.limited(area, NEVER)) {
      Future<Long> received = receiving(rig.target, rig.client);
      Future<?> sending =
          threads.submit(
              () -> {
                rig.client.send(rig.client, 0, 100L << 20, 262_144, new Random(14));
                rig.client.end();
              });
      long limit = System.nanoTime() + 20_000_000_000L;
      while (rig.up < 60 << 20 && System.nanoTime() < limit) {
        Thread.sleep(5);
      }
      long before = rig.allocated();
      long from = rig.up;
      while (rig.up < 95 << 20 && System.nanoTime() < limit) {
        Thread.sleep(5);
      }
      assertThat(rig.up - from).as("bytes moved").isGreaterThan(20 << 20);
      assertThat(rig.allocated() - before).as("bytes allocated").isLessThan(200_000);
      get(sending);
      assertThat(get(received)).isEqualTo(100L << 20);
    }
  }
}
