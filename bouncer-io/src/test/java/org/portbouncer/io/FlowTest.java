package org.portbouncer.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.SystemCallException;

@Timeout(60)
class FlowTest {

  private static final long SEED = 20_261;
  private static final int MIB = 1 << 20;

  private final ExecutorService threads = Executors.newCachedThreadPool();

  @AfterEach
  void stopThreads() {
    threads.shutdownNow();
  }

  private <T> Future<T> start(Callable<T> task) {
    return threads.submit(task);
  }

  private static <T> T get(Future<T> future) throws Exception {
    return future.get(50, TimeUnit.SECONDS);
  }

  private Future<?> sending(Peer from, long length, int mostChunk) {
    return start(
        () -> {
          from.send(from, 0, length, mostChunk, new Random(SEED));
          from.end();
          return null;
        });
  }

  private Future<Long> receiving(Peer at, Peer from, int mostChunk) {
    return start(() -> at.receive(from, 0, Long.MAX_VALUE, mostChunk, new Random(SEED + 1)));
  }

  /** Makes a flow splice: it has seen enough to go over, and its reader has read it. */
  private static long intoSplicing(FlowRig rig, Peer from, Peer to) throws Exception {
    Future<Long> read;
    try (ExecutorService reader = Executors.newSingleThreadExecutor()) {
      read = reader.submit(() -> to.receive(from, 0, 8L * MIB, MIB, new Random(SEED)));
      from.send(from, 0, 8L * MIB, MIB, new Random(SEED));
      get(read);
    }
    assertThat(rig.pipes.open()).as("pipes made").isPositive();
    return 8L * MIB;
  }

  /** Sends until nothing moves any more: sockets, pipe and buffers are full. */
  private static long fill(Peer from, long at) throws Exception {
    long sent = 0;
    for (int still = 0; still < 5; ) {
      long more = from.stuff(from, at + sent);
      sent += more;
      still = more == 0 ? still + 1 : 0;
      Thread.sleep(20);
    }
    return sent;
  }

  // Integrity.

  @ParameterizedTest
  @CsvSource({
    "TCP,TCP,262144",
    "TCP,UNIX,262144",
    "UNIX,TCP,262144",
    "UNIX,UNIX,262144",
    "TCP,TCP,3000",
    "TCP,TCP,40000",
    "UNIX,UNIX,40000",
    "TCP,UNIX,100"
  })
  void shouldDeliverEveryByteBothWaysWhenChunksAreRandom(
      Peer.Kind client, Peer.Kind target, int mostChunk) throws Exception {
    long length = mostChunk < 1000 ? MIB : 48L * MIB + 12_345;
    try (FlowRig rig = new FlowRig(client, target)) {
      Future<Long> atTarget = receiving(rig.target, rig.client, mostChunk);
      Future<Long> atClient = receiving(rig.client, rig.target, 2 * mostChunk);
      Future<?> fromClient = sending(rig.client, length, mostChunk);
      Future<?> fromTarget = sending(rig.target, length - 777, 2 * mostChunk);
      get(fromClient);
      get(fromTarget);
      assertThat(get(atTarget)).isEqualTo(length);
      assertThat(get(atClient)).isEqualTo(length - 777);
      rig.awaitEnd();
      assertThat(rig.result).isEqualTo(Result.OK);
      assertThat(rig.up).isEqualTo(length);
      assertThat(rig.down).isEqualTo(length - 777);
    }
  }

  @Test
  void shouldDeliverEveryByteWhenPaceChangesBetweenSmallAndLarge() throws Exception {
    try (FlowRig rig = new FlowRig(Peer.Kind.TCP, Peer.Kind.TCP)) {
      Random random = new Random(SEED);
      Future<Long> read = receiving(rig.target, rig.client, 100_000);
      long at = 0;
      for (int i = 0; i < 200; i++) {
        boolean large = random.nextInt(4) == 0;
        int length = large ? 2 * MIB : 1 + random.nextInt(300);
        rig.client.send(rig.client, at, length, large ? MIB : 100, random);
        at += length;
        if (random.nextBoolean()) {
          Thread.sleep(1);
        }
      }
      rig.client.end();
      assertThat(get(read)).isEqualTo(at);
    }
  }

  @Test
  void shouldHoldNoPipeWhenFlowIsIdle() throws Exception {
    try (FlowRig rig = new FlowRig(Peer.Kind.TCP, Peer.Kind.TCP)) {
      intoSplicing(rig, rig.client, rig.target);
      Thread.sleep(50);
      int left =
          rig.onLoop(
              () -> {
                rig.pipes.trim();
                return rig.pipes.open();
              });
      assertThat(left).isZero();
    }
  }

  @Test
  void shouldCopyAndDeliverWhenNoPipeIsToBeHad() throws Exception {
    try (FlowRig rig = new FlowRig(Peer.Kind.TCP, Peer.Kind.TCP, pair -> -Errno.EPERM)) {
      Future<Long> read = receiving(rig.target, rig.client, MIB);
      get(sending(rig.client, 64L * MIB, MIB));
      assertThat(get(read)).isEqualTo(64L * MIB);
      assertThat(rig.pipes.refusals()).isBetween(1L, 60L);
      assertThat(rig.pipes.open()).isZero();
    }
  }

  @Test
  void shouldCopyWhatIsInThePipeWhenSpliceIsRefused() throws Exception {
    try (FlowRig rig = new FlowRig(Peer.Kind.TCP, Peer.Kind.TCP)) {
      // splice(2) refuses a destination in append mode with EINVAL; a socket takes the flag.
      Libc.fcntl(rig.target.inner(), Const.F_SETFL, Const.O_NONBLOCK | Const.O_APPEND);
      Future<Long> read = receiving(rig.target, rig.client, MIB);
      get(sending(rig.client, 64L * MIB + 99, MIB));
      assertThat(get(read)).isEqualTo(64L * MIB + 99);
      assertThat(rig.pipes.open()).isPositive();
    }
  }

  @Test
  void shouldPassUrgentDataInLineWhenSplicing() throws Exception {
    try (FlowRig rig = new FlowRig(Peer.Kind.TCP, Peer.Kind.TCP)) {
      Future<Long> read = receiving(rig.target, rig.client, MIB);
      Random random = new Random(SEED);
      rig.client.send(rig.client, 0, 16L * MIB, MIB, random);
      long at = 16L * MIB;
      for (int i = 0; i < 20; i++) {
        rig.client.sendUrgent(rig.client, at++);
        rig.client.send(rig.client, at, 100_000, MIB, random);
        at += 100_000;
      }
      rig.client.sendUrgent(rig.client, at++);
      rig.client.end();
      assertThat(get(read)).isEqualTo(at);
    }
  }

  // Half-close.

  @ParameterizedTest
  @CsvSource({"TCP,true", "TCP,false", "UNIX,true", "UNIX,false"})
  void shouldPassEndOnAfterTheLastByteWhenPipeIsFull(Peer.Kind kind, boolean clientEnds)
      throws Exception {
    try (FlowRig rig = new FlowRig(kind, kind)) {
      Peer from = clientEnds ? rig.client : rig.target;
      Peer to = clientEnds ? rig.target : rig.client;
      long at = intoSplicing(rig, from, to);
      long sent = fill(from, at);
      from.end();
      Thread.sleep(20);
      assertThat(to.receive(from, at, Long.MAX_VALUE, MIB, new Random(SEED))).isEqualTo(sent);
      // The other direction goes on.
      Future<?> back = sending(to, 3L * MIB, 1000);
      assertThat(from.receive(to, 0, Long.MAX_VALUE, MIB, new Random(SEED))).isEqualTo(3L * MIB);
      get(back);
      rig.awaitEnd();
      assertThat(rig.result).isEqualTo(Result.OK);
      assertThat(rig.term).isEqualTo(Term.NORMAL);
    }
  }

  @Test
  void shouldEndWellWhenBothEndWithPipesFull() throws Exception {
    try (FlowRig rig = new FlowRig(Peer.Kind.TCP, Peer.Kind.TCP)) {
      long upAt = intoSplicing(rig, rig.client, rig.target);
      long downAt = intoSplicing(rig, rig.target, rig.client);
      long upSent = fill(rig.client, upAt);
      long downSent = fill(rig.target, downAt);
      rig.client.end();
      rig.target.end();
      assertThat(rig.target.receive(rig.client, upAt, Long.MAX_VALUE, MIB, new Random(SEED)))
          .isEqualTo(upSent);
      assertThat(rig.client.receive(rig.target, downAt, Long.MAX_VALUE, MIB, new Random(SEED)))
          .isEqualTo(downSent);
      rig.awaitEnd();
      assertThat(rig.result).isEqualTo(Result.OK);
    }
  }

  // Reset.

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void shouldDeliverWhatCameBeforeAResetWhenPipeIsFull(boolean clientResets) throws Exception {
    try (FlowRig rig = new FlowRig(Peer.Kind.TCP, Peer.Kind.TCP)) {
      Peer from = clientResets ? rig.client : rig.target;
      Peer to = clientResets ? rig.target : rig.client;
      long at = intoSplicing(rig, from, to);
      fill(from, at);
      long reached = rig.onLoop(() -> clientResets ? rig.up : rig.down) - at;
      from.reset();
      Thread.sleep(50);
      // What the kernel had given us is delivered; what it still held is the kernel's to drop.
      assertThat(to.receiveUntilReset(from, at)).isGreaterThanOrEqualTo(reached);
      rig.awaitEnd();
      assertThat(rig.result).isEqualTo(Result.RESET);
      assertThat(rig.term).isEqualTo(clientResets ? Term.CLIENT_RESET : Term.TARGET_RESET);
    }
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void shouldDeliverWhatCameBeforeAResetWhenTheOtherWritesBeforeItReads(boolean clientResets)
      throws Exception {
    try (FlowRig rig = new FlowRig(Peer.Kind.TCP, Peer.Kind.TCP)) {
      Peer from = clientResets ? rig.client : rig.target;
      Peer to = clientResets ? rig.target : rig.client;
      // More than sockets and buffers hold: it is stuck until somebody reads that.
      Future<?> writing =
          start(
              () -> {
                to.send(to, 0, 128L * MIB, MIB, new Random(SEED));
                return null;
              });
      fill(from, 0);
      long reached = rig.onLoop(() -> clientResets ? rig.up : rig.down);
      from.reset();
      get(writing);
      assertThat(to.receiveUntilReset(from, 0)).isGreaterThanOrEqualTo(reached);
      rig.awaitEnd();
      assertThat(rig.result).isEqualTo(Result.RESET);
    }
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void shouldPassResetBackWhenReaderResetsWithBytesInThePipe(boolean clientResets)
      throws Exception {
    try (FlowRig rig = new FlowRig(Peer.Kind.TCP, Peer.Kind.TCP)) {
      Peer from = clientResets ? rig.target : rig.client;
      Peer to = clientResets ? rig.client : rig.target;
      long at = intoSplicing(rig, from, to);
      fill(from, at);
      to.reset();
      assertThat(from.receiveUntilReset(to, 0)).isZero();
      rig.awaitEnd();
      assertThat(rig.result).isEqualTo(Result.RESET);
    }
  }

  @ParameterizedTest
  @CsvSource({"true, CLIENT_RESET_LAST", "false, TARGET_RESET_LAST"})
  void shouldSayThatItWasTheLastWhenASideResetsAfterTheOtherHasEnded(
      boolean clientResets, Term term) throws Exception {
    try (FlowRig rig = new FlowRig(Peer.Kind.TCP, Peer.Kind.TCP)) {
      Peer from = clientResets ? rig.client : rig.target;
      Peer to = clientResets ? rig.target : rig.client;
      to.end();
      assertThat(from.receive(to, 0, 1, 1, new Random(SEED))).isZero();
      from.reset();
      rig.awaitEnd();
      assertThat(rig.result).isEqualTo(Result.RESET);
      assertThat(rig.term).isEqualTo(term);
    }
  }

  @Test
  void shouldCloseThePipeWhenKilledWithBytesInIt() throws Exception {
    try (FlowRig rig = new FlowRig(Peer.Kind.TCP, Peer.Kind.TCP)) {
      long at = intoSplicing(rig, rig.client, rig.target);
      fill(rig.client, at);
      assertThat(rig.onLoop(rig.pipes::open)).isEqualTo(1);
      rig.kill();
      assertThat(rig.onLoop(rig.pipes::open)).isZero();
    }
  }

  // A slow reader.

  @ParameterizedTest
  @EnumSource(Peer.Kind.class)
  void shouldNotSpinWhenReaderIsStuck(Peer.Kind kind) throws Exception {
    try (FlowRig rig = new FlowRig(kind, kind)) {
      long at = intoSplicing(rig, rig.client, rig.target);
      long sent = fill(rig.client, at);
      long before = rig.turns;
      Thread.sleep(500);
      assertThat(rig.turns - before).isLessThan(5);
      Future<Long> read = receiving(rig.target, rig.client, at, 5000);
      rig.client.end();
      assertThat(get(read)).isEqualTo(sent);
    }
  }

  private Future<Long> receiving(Peer to, Peer from, long at, int mostChunk) {
    return start(() -> to.receive(from, at, Long.MAX_VALUE, mostChunk, new Random(SEED)));
  }

  @Test
  void shouldNotSpinWhenSourceTrickles() throws Exception {
    try (FlowRig rig = new FlowRig(Peer.Kind.TCP, Peer.Kind.TCP)) {
      long at = intoSplicing(rig, rig.client, rig.target);
      Thread.sleep(20);
      long before = rig.turns;
      for (int i = 0; i < 100; i++) {
        rig.client.send(rig.client, at + i, 1, 1, new Random(SEED));
        assertThat(rig.target.receive(rig.client, at + i, 1, 1, new Random(SEED))).isOne();
      }
      assertThat(rig.turns - before).isLessThan(220);
    }
  }

  // What it holds.

  @Test
  void shouldAllocateNothingWhenMovingAGigabyte() throws Exception {
    try (FlowRig rig = new FlowRig(Peer.Kind.UNIX, Peer.Kind.UNIX)) {
      Future<Long> read = receiving(rig.target, rig.client, 128 * 1024);
      long gigabyte = 1L << 30;
      long at = 0;
      long least = Long.MAX_VALUE;
      // Native calls make objects until they are compiled, and compilers take their time.
      for (int warm = 0; warm < 12 && least > 8 * 1024; warm++) {
        long before = rig.allocated();
        rig.client.send(rig.client, at, gigabyte, 128 * 1024, new Random(SEED));
        at += gigabyte;
        least = Math.min(least, rig.allocated() - before);
      }
      rig.client.end();
      assertThat(get(read)).isEqualTo(at);
      assertThat(least).isLessThan(8 * 1024);
      assertThat(rig.onLoop(rig.pipes::open)).isOne();
    }
  }

  @Test
  void shouldHaveAsManyDescriptorsAsBeforeWhenSessionsHaveEnded() throws Exception {
    for (int round = 0; round < 3; round++) {
      FlowRig rig = new FlowRig(Peer.Kind.TCP, Peer.Kind.UNIX);
      long at = intoSplicing(rig, rig.client, rig.target);
      if (round == 1) {
        fill(rig.client, at);
      }
      int during = open();
      rig.close();
      // Client and target, both ends of each, and the pipe.
      assertThat(open()).isEqualTo(during - 6);
      assertThatThrownBy(() -> rig.client.send(rig.client, 0, 1, 1, new Random(1)))
          .isInstanceOf(SystemCallException.class);
    }
  }

  private static int open() {
    return new File("/proc/self/fd").list().length;
  }
}
