package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.SockAddr;

/** The life of a record, and what is seen of it. */
class SessionTableTest extends SessionTableCase {

  /** A session as the mother admits it, for a record just taken. */
  private SessionState admit(int record) {
    Session session = new Session();
    session.create(0, 0);
    SessionState state = session.state();
    state.identify(1000 + record, record, table.generation(record));
    state.origin(3, 4, 5);
    state.accepted(1_000_000);
    SockAddr.put(state.memory(), state.client(), InetAddress.ofLiteral("2001:db8::7"), 9);
    SockAddr.put(state.memory(), state.local(), InetAddress.ofLiteral("192.0.2.7"), 80);
    table.admit(record, state, 6, 1234);
    return state;
  }

  /** As whoever holds the session does before sending it. */
  private void queue(int record, StageId stage) {
    assertThat(table.queue(record, table.generation(record), table.owner(record), stage)).isTrue();
  }

  // The life of a record.

  @Test
  void shouldTellWhatItWasToldWhenASessionPassesItsStages() {
    int record = records.allocate();
    assertThat(table.phase(record)).isEqualTo(SessionTable.Phase.OPEN);
    assertThat(table.counts(record)).isFalse();
    SessionState state = admit(record);
    assertThat(table.phase(record)).isEqualTo(SessionTable.Phase.HELD);
    assertThat(table.counts(record)).isTrue();
    assertThat(table.owner(record)).isEqualTo(MOTHER);
    assertThat(table.id(record)).isEqualTo(1000 + record);
    assertThat(table.accepted(record)).isEqualTo(1_000_000);
    assertThat(table.acceptedWallMs(record)).isEqualTo(1234);
    assertThat(table.epoch(record)).isEqualTo(3);
    assertThat(table.listener(record)).isEqualTo(4);
    assertThat(table.endpoint(record)).isEqualTo(5);
    assertThat(table.slot(record)).isEqualTo(6);
    assertThat(table.rule(record)).isEqualTo(-1);
    assertThat(table.bandwidth(record)).isEqualTo(-1);
    assertThat(table.setupMicros(record)).isZero();
    assertThat(table.transfer().stateBytes(record)).isEqualTo(SessionState.BYTES);
    assertThat(table.client(record)).isEqualTo("[2001:db8::7]:9");
    assertThat(table.local(record)).isEqualTo("192.0.2.7:80");
    for (StageId stage : StageId.values()) {
      assertThat(table.hopPid(record, stage)).isZero();
      table.offered(record, stage, 1_002_000 + 5000L * stage.ordinal());
      queue(record, stage);
      assertThat(table.hopPid(record, stage)).as("sent, not received").isZero();
      assertThat(table.phase(record)).isEqualTo(SessionTable.Phase.QUEUED);
      assertThat(table.stage(record)).isEqualTo(stage);
      assertThat(table.owner(record)).isZero();
      int pid = 4_194_303 - stage.ordinal();
      long now = 1_000_000 + 5000L * (stage.ordinal() + 1);
      assertThat(table.arrive(state, stage, pid, now)).as("µs of the hop").isEqualTo(3);
      assertThat(table.phase(record)).isEqualTo(SessionTable.Phase.HELD);
      assertThat(table.owner(record)).isEqualTo(pid);
      assertThat(table.hopPid(record, stage)).isEqualTo(pid);
      assertThat(table.hopMicros(record, stage)).isEqualTo(5 * (stage.ordinal() + 1));
    }
    table.rule(record, 3);
    table.bandwidth(record, 2);
    table.setUp(record, 1_000_000);
    table.moved(record, 1L << 40, 1L << 41, 77);
    assertThat(table.rule(record)).isEqualTo(3);
    assertThat(table.bandwidth(record)).isEqualTo(2);
    assertThat(table.setupMicros(record)).as("set up, however fast").isEqualTo(1);
    assertThat(table.bytesUp(record)).isEqualTo(1L << 40);
    assertThat(table.bytesDown(record)).isEqualTo(1L << 41);
    assertThat(table.activity(record)).isEqualTo(77);
  }

  @Test
  void shouldForgetTheLastSessionWhenARecordIsUsedAgain() {
    int record = records.allocate();
    SessionState state = admit(record);
    queue(record, StageId.IO);
    assertThat(table.arrive(state, StageId.IO, WORKER, 9_000_000)).isNotNegative();
    table.rule(record, 1);
    table.setUp(record, 9_000_000);
    table.moved(record, 1, 2, 3);
    table.requestEnd(record, table.generation(record), Result.KILLED);
    end(record);
    int again = records.allocate();
    assertThat(again).isEqualTo(record);
    admit(again);
    assertThat(table.unwanted(again)).isNull();
    assertThat(table.rule(again)).isEqualTo(-1);
    assertThat(table.setupMicros(again)).isZero();
    assertThat(table.bytesUp(again)).isZero();
    assertThat(table.bytesDown(again)).isZero();
    assertThat(table.hopPid(again, StageId.IO)).isZero();
  }

  @Test
  void shouldRefuseAnArrivalWhenTheRecordIsNotThatSessionsAnyMore() {
    int record = records.allocate();
    SessionState state = admit(record);
    assertThat(table.arrive(state, StageId.NEGOTIATE, WORKER, 0))
        .as("not queued")
        .isEqualTo(SessionTable.GONE);
    queue(record, StageId.ACL);
    assertThat(table.arrive(state, StageId.CONNECT, WORKER, 0))
        .as("another stage")
        .isEqualTo(SessionTable.GONE);
    end(record);
    assertThat(table.arrive(state, StageId.ACL, WORKER, 0))
        .as("freed")
        .isEqualTo(SessionTable.GONE);
    assertThat(records.allocate()).isEqualTo(record);
    admit(record);
    queue(record, StageId.ACL);
    assertThat(table.arrive(state, StageId.ACL, WORKER, 0))
        .as("a successor")
        .isEqualTo(SessionTable.GONE);
    assertThat(table.phase(record)).isEqualTo(SessionTable.Phase.QUEUED);
  }

  @Test
  void shouldRefuseAnArrivalWhenTheRecordDoesNotExist() {
    SessionState state = admit(records.allocate());
    for (int record : new int[] {-1, table.capacity(), Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      state.identify(1, record, 0);
      assertThat(table.arrive(state, StageId.NEGOTIATE, WORKER, 0)).isEqualTo(SessionTable.GONE);
    }
  }

  @Test
  void shouldRefuseAnEndWhenTheGenerationIsStale() {
    int record = records.allocate();
    int generation = table.generation(record);
    end(record);
    assertThat(records.allocate()).isEqualTo(record);
    assertThat(table.claimEnd(record, generation, WORKER)).isFalse();
    assertThat(table.requestEnd(record, generation, Result.KILLED)).isFalse();
    assertThat(table.claimEnd(record, generation + 1, WORKER)).isTrue();
  }

  @Test
  void shouldGoOnFromZeroWhenTheGenerationOverflows() {
    resize(64);
    int record = records.allocate();
    for (int i = table.generation(record); i < 0xff_ffff; i++) {
      table.free(record);
    }
    table.open(record, MOTHER);
    assertThat(table.generation(record)).isEqualTo(0xff_ffff);
    assertThat(table.owner(record)).isEqualTo(MOTHER);
    end(record);
    assertThat(table.generation(record)).isZero();
    assertThat(table.owner(record)).as("who freed it").isEqualTo(MOTHER);
    assertThat(table.phase(record)).isEqualTo(SessionTable.Phase.FREE);
  }

  @Test
  void shouldLetExactlyOneEndASessionWhenSeveralThreadsTry() throws Exception {
    int contenders = 4;
    int rounds = 5000;
    CyclicBarrier barrier = new CyclicBarrier(contenders);
    int record = records.allocate();
    Callable<Integer> contender =
        () -> {
          int won = 0;
          for (int round = 0; round < rounds; round++) {
            int generation = table.generation(record);
            barrier.await();
            boolean mine = table.claimEnd(record, generation, WORKER);
            won += mine ? 1 : 0;
            barrier.await();
            if (mine) {
              table.free(record);
              assertThat(records.allocate()).isEqualTo(record);
            }
            barrier.await();
          }
          return won;
        };
    int won = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(contenders)) {
      for (Future<Integer> each : threads.invokeAll(Collections.nCopies(4, contender))) {
        won += each.get();
      }
    }
    assertThat(won).isEqualTo(rounds);
  }

  @Test
  void shouldTakeAnEndOverWhenTheProcessThatBeganItDied() {
    int record = records.allocate();
    int generation = table.generation(record);
    assertThat(table.claimEndOf(record, WORKER, MOTHER)).as("not ending").isFalse();
    assertThat(table.claimEnd(record, generation, WORKER)).isTrue();
    assertThat(table.phase(record)).isEqualTo(SessionTable.Phase.ENDING);
    assertThat(table.claimEndOf(record, WORKER + 1, MOTHER)).as("another's").isFalse();
    assertThat(table.claimEndOf(record, WORKER, MOTHER)).isTrue();
    assertThat(table.claimEndOf(record, WORKER, MOTHER)).as("mine already").isFalse();
    assertThat(table.owner(record)).isEqualTo(MOTHER);
  }

  @Test
  void shouldFreeARecordForGoodWhenTheProcessThatFreedItDiedHalfway() {
    int record = records.allocate();
    admit(record);
    table.claimEnd(record, table.generation(record), WORKER);
    table.markFree(record);
    assertThat(records.active()).isEqualTo(1);
    table.reclaim(record, WORKER + 1);
    assertThat(records.active()).as("another one died").isEqualTo(1);
    table.reclaim(record, WORKER);
    assertThat(records.active()).isZero();
    table.reclaim(record, WORKER);
    assertThat(records.allocate()).isEqualTo(record);
    table.reclaim(record, WORKER);
    assertThat(records.active()).as("in use again").isEqualTo(1);
  }

  @Test
  void shouldBeTheSendersUntilItIsSentAndAgainWhenItCannotBe() {
    int record = records.allocate();
    SessionState state = admit(record);
    int generation = table.generation(record);
    assertThat(table.isQueued(record, generation, StageId.NEGOTIATE)).isFalse();
    assertThat(table.queue(record, generation, WORKER, StageId.NEGOTIATE))
        .as("not its holder")
        .isFalse();
    assertThat(table.queue(record, generation + 1, MOTHER, StageId.NEGOTIATE))
        .as("another session")
        .isFalse();
    assertThat(table.queue(record, generation, MOTHER, StageId.NEGOTIATE)).isTrue();
    assertThat(table.isQueued(record, generation, StageId.NEGOTIATE)).isTrue();
    assertThat(table.isQueued(record, generation, StageId.ACL)).isFalse();
    assertThat(table.isQueued(record, generation + 1, StageId.NEGOTIATE)).isFalse();
    assertThat(table.requestEnd(record, generation, Result.KILLED)).isTrue();

    table.unqueue(record, generation, MOTHER, StageId.NEGOTIATE);
    assertThat(table.owner(record)).isEqualTo(MOTHER);
    assertThat(table.phase(record)).isEqualTo(SessionTable.Phase.HELD);
    assertThat(table.unwanted(record)).as("the request stays").isEqualTo(Result.KILLED);

    assertThat(table.queue(record, generation, MOTHER, StageId.NEGOTIATE)).isTrue();
    assertThat(table.arrive(state, StageId.NEGOTIATE, WORKER, 0)).isNotNegative();
    table.unqueue(record, generation, MOTHER, StageId.NEGOTIATE);
    assertThat(table.owner(record)).as("has arrived").isEqualTo(WORKER);
    end(record);
    assertThat(table.queue(record, generation, WORKER, StageId.ACL)).as("has ended").isFalse();
  }

  @Test
  void shouldKeepTheKillRequestWhenTheSessionMovesOn() {
    int record = records.allocate();
    SessionState state = admit(record);
    queue(record, StageId.NEGOTIATE);
    assertThat(table.unwanted(record)).isNull();
    assertThat(table.requestEnd(record, state.generation(), Result.KILLED)).isTrue();
    assertThat(table.requestEnd(record, state.generation(), Result.KILLED)).as("again").isTrue();
    assertThat(table.arrive(state, StageId.NEGOTIATE, WORKER, 0)).isNotNegative();
    assertThat(table.unwanted(record)).isEqualTo(Result.KILLED);
    queue(record, StageId.ACL);
    assertThat(table.unwanted(record)).isEqualTo(Result.KILLED);
    assertThat(table.claimEnd(record, state.generation(), WORKER)).isTrue();
    assertThat(table.requestEnd(record, state.generation(), Result.KILLED)).as("ending").isFalse();
    table.free(record);
    assertThat(table.requestEnd(record, state.generation(), Result.KILLED)).as("free").isFalse();
  }

  // What only a worker gone wrong writes.

  @Test
  void shouldBeAnEndThatWasBegunWhenAWorkerWroteAPhaseThatIsNone() {
    for (int phase = 5; phase < 16; phase++) {
      int record = records.allocate();
      admit(record);
      scribble(record, 0xf000L, (long) phase << 12 | (long) WORKER << 40);
      assertThat(table.phase(record)).isEqualTo(SessionTable.Phase.ENDING);
      assertThat(table.claimEndOf(record, WORKER, MOTHER)).isTrue();
      table.free(record);
    }
    assertThat(records.active()).isZero();
  }

  @Test
  void shouldSayOneOfTheirsWhenAWorkerWroteNoConstant() {
    int record = records.allocate();
    admit(record);
    scribble(record, 0xf00L, 0xf00L);
    assertThat(table.stage(record)).isEqualTo(StageId.IO);
    table.memory().set(ValueLayout.JAVA_BYTE, at(record) + 46, (byte) 0x7f);
    assertThat(table.transfer().mode(record)).isEqualTo(Mode.INLINE);
    table.memory().set(ValueLayout.JAVA_INT, at(record) + 188, 0xffff);
    assertThat(table.outcome().result(record)).isNull();
    assertThat(table.outcome().term(record)).isEqualTo(Term.INTERNAL_DATA);
  }

  private long at(int record) {
    return table.clientOffset(record) - 56;
  }

  private void scribble(int record, long without, long with) {
    ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
    long old = table.memory().get(word, at(record));
    long owner = (with >>> 40) == 0 ? old : old & 0xff_ffff_ffffL;
    table.memory().set(word, at(record), owner & ~without | with);
  }

  // The area.

  @Test
  void shouldShowTheSameMemoryWhenAnotherProcessMapsIt() {
    int record = records.allocate();
    admit(record);
    area.workers().enter(3, StageId.ACL, 4711);
    area.listeners().add(6, ListenerCounters.Count.ACCEPTED, 5);
    SharedArea other = SharedArea.open(area.fd());
    assertThat(other.size()).isEqualTo(area.size());
    assertThat(other.sessions().capacity()).isEqualTo(128);
    assertThat(other.sessions().client(record)).isEqualTo("[2001:db8::7]:9");
    assertThat(other.workers().pid(3)).isEqualTo(4711);
    assertThat(other.listeners().get(6, ListenerCounters.Count.ACCEPTED)).isEqualTo(5);
    assertThat(other.sessions().claimEnd(record, 0, WORKER)).isTrue();
    assertThat(table.phase(record)).isEqualTo(SessionTable.Phase.ENDING);
  }

  @Test
  void shouldRefuseAFileWhenItIsNoSharedArea() {
    int file = org.portbouncer.core.sys.Native.sharedFile("other", 8192);
    assertThatThrownBy(() -> SharedArea.open(file)).isInstanceOf(IllegalArgumentException.class);
    Descriptor.close(file);
  }
}
