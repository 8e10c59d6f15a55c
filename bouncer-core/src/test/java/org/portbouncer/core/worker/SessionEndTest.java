package org.portbouncer.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.ClassBoard;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.ListenerCounters.Count;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.support.Configurations;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.SockAddr;

class SessionEndTest {

  private static final int SLOT = 2;
  private static final int PLACE = 5;
  private static final long ACCEPTED = 1_000_000_000;
  private static final long NOW = ACCEPTED + 42_000_000;

  private final AccessLog log = new AccessLog();
  private SessionTable table;
  private ListenerCounters counters;
  private ClassBoard classes;
  private RecordAllocator records;
  private SessionEnd ends;
  private int[] pipe;

  /** Puts the parts together; the only place that knows how. */
  @BeforeEach
  void open() {
    SharedArea area = SharedArea.create(64);
    table = area.sessions();
    counters = area.listeners();
    classes = area.classes();
    records = new RecordAllocator(table, 1);
    pipe = Descriptor.pipe();
    log.to(pipe[1], LogForm.PLAIN);
    Epochs epochs = new Epochs();
    epochs.add(
        new Epoch(
            1,
            Configurations.open(
                Configurations.inet("0.0.0.0:8080"),
                Configurations.inet("192.0.2.1:80"),
                List.of(new BandwidthClass("slow", 1_000_000, 0, 0, BandwidthClass.SharedBy.ALL))),
            new Places(new int[] {SLOT}, new int[] {PLACE}, new int[0][], new int[0][], 0)));
    ends = new SessionEnd(area, null, epochs, log, 77);
  }

  @AfterEach
  void close() {
    Descriptor.close(pipe);
  }

  private int session(int epoch) {
    int record = records.allocate();
    Session session = new Session();
    session.create(0, 0);
    SessionState state = session.state();
    state.identify(9, record, table.generation(record));
    state.origin(epoch, 0, 0);
    state.accepted(ACCEPTED);
    SockAddr.put(state.memory(), state.client(), InetAddress.ofLiteral("192.0.2.9"), 1);
    table.admit(record, state, SLOT, 0);
    return record;
  }

  private String lines() {
    assertThat(log.flush()).isFalse();
    return Descriptor.read(pipe[0]);
  }

  @Test
  void shouldCountWriteAndFreeWhenASessionEnds() {
    int record = session(1);
    table.setUp(record, ACCEPTED + 5000);
    table.moved(record, 100, 2000, NOW);
    int generation = table.generation(record);
    assertThat(ends.end(record, generation, Result.OK, Term.NORMAL, NOW)).isTrue();
    assertThat(counters.get(SLOT, Count.BYTES_UP)).isEqualTo(100);
    assertThat(counters.get(SLOT, Count.BYTES_DOWN)).isEqualTo(2000);
    assertThat(counters.get(SLOT, Count.FAILED)).isZero();
    assertThat(counters.endedWith(SLOT, Result.OK)).isEqualTo(1);
    assertThat(table.phase(record)).isEqualTo(SessionTable.Phase.FREE);
    assertThat(table.generation(record)).isEqualTo(generation + 1);
    assertThat(records.active()).isZero();
    assertThat(lines())
        .contains(" event=end id=9 listener=web client=192.0.2.9:1 ")
        .contains(" result=ok term=-- setup_us=5 duration_ms=42 up=100 down=2000 worker=77 ");
  }

  @Test
  void shouldCountTheBytesOfAClassWhenOneOfItsSessionsEnds() {
    for (int bandwidth : new int[] {0, -1, 0, 7}) {
      int record = session(1);
      table.bandwidth(record, bandwidth);
      table.moved(record, 100, 2000, NOW);
      int generation = table.generation(record);
      assertThat(ends.end(record, generation, Result.OK, Term.NORMAL, NOW)).isTrue();
    }
    assertThat(classes.endedBytes(PLACE, Way.UP)).isEqualTo(200);
    assertThat(classes.endedBytes(PLACE, Way.DOWN)).isEqualTo(4000);
    classes.open(PLACE);
    assertThat(classes.endedBytes(PLACE, Way.DOWN)).as("another class's").isZero();
  }

  @Test
  void shouldDoNothingWhenTheSessionHasEndedAlready() {
    int record = session(1);
    int generation = table.generation(record);
    assertThat(ends.end(record, generation, Result.KILLED, Term.KILLED_DATA, NOW)).isTrue();
    assertThat(ends.end(record, generation, Result.OK, Term.NORMAL, NOW)).isFalse();
    assertThat(counters.endedWith(SLOT, Result.KILLED)).isEqualTo(1);
    assertThat(counters.endedWith(SLOT, Result.OK)).isZero();
    assertThat(lines().lines()).hasSize(1);
  }

  @Test
  void shouldLeaveTheSuccessorAloneWhenTheRecordIsInUseAgain() {
    int record = session(1);
    int generation = table.generation(record);
    assertThat(ends.end(record, generation, Result.OK, Term.NORMAL, NOW)).isTrue();
    assertThat(session(1)).isEqualTo(record);
    assertThat(ends.end(record, generation, Result.OK, Term.NORMAL, NOW)).isFalse();
    assertThat(records.active()).isEqualTo(1);
  }

  @Test
  void shouldFinishOnceWhenTheEndWasClaimedByOneThatDied() {
    int record = session(1);
    assertThat(table.claimEnd(record, table.generation(record), 555)).isTrue();
    assertThat(ends.end(record, table.generation(record), Result.ERROR, Term.INTERNAL_DATA, NOW))
        .isFalse();
    assertThat(ends.endOf(record, 555, Result.ERROR, Term.INTERNAL_DATA, NOW)).isTrue();
    assertThat(records.active()).isZero();
    assertThat(lines()).contains(" result=error term=ID ");
  }

  @Test
  void shouldFinishAsItWasBegunWhenTheOneThatDiedHadSaidHowItEnded() {
    int record = session(1);
    assertThat(table.claimEnd(record, table.generation(record), 555)).isTrue();
    table.outcome().ended(record, Result.RESET, Term.TARGET_RESET_LAST);
    assertThat(ends.endOf(record, 555, Result.ERROR, Term.INTERNAL_DATA, NOW))
        .as("lost with the process")
        .isFalse();
    assertThat(records.active()).isZero();
    assertThat(counters.endedWith(SLOT, Result.RESET)).isEqualTo(1);
    assertThat(lines()).contains(" result=reset term=SL ");
  }

  @Test
  void shouldEndWhatTheOneThatDiedHeld() {
    int record = session(1);
    int holder = table.owner(record);
    assertThat(ends.endOf(record, holder, Result.ERROR, Term.INTERNAL_SETUP, NOW)).isTrue();
    assertThat(records.active()).isZero();
    assertThat(lines()).contains(" result=error term=IC ");
  }

  @Test
  void shouldKeepTheBooksOpenUntilTheLinesAreWritten() {
    ends.settleLater();
    for (int i = 0; i < 100; i++) {
      // More than one word of records: the area has 64.
      if (i == 64) {
        ends.settle();
      }
      int record = session(1);
      assertThat(record).as("a free record").isNotNegative();
      table.moved(record, 1, 2, NOW);
      assertThat(ends.end(record, table.generation(record), Result.OK, Term.NORMAL, NOW)).isTrue();
    }
    assertThat(records.active()).isEqualTo(36);
    assertThat(counters.endedWith(SLOT, Result.OK)).isEqualTo(64);
    ends.settle();
    ends.settle();
    assertThat(records.active()).isZero();
    assertThat(counters.endedWith(SLOT, Result.OK)).isEqualTo(100);
    assertThat(counters.get(SLOT, Count.BYTES_DOWN)).isEqualTo(200);
    assertThat(lines().lines()).hasSize(100);
  }

  @ParameterizedTest
  @EnumSource(Result.class)
  void shouldCountAFailureWhenASessionNeverGotItsTarget(Result result) {
    boolean failure =
        switch (result) {
          case NO_TARGET, ERROR, TIMEOUT -> true;
          default -> false;
        };
    int record = session(1);
    ends.end(record, table.generation(record), result, Term.NORMAL, NOW);
    assertThat(counters.get(SLOT, Count.FAILED)).isEqualTo(failure ? 1 : 0);
    assertThat(counters.endedWith(SLOT, result)).isEqualTo(1);
    assertThat(lines()).contains(" result=" + result.text() + " ");
  }

  @Test
  void shouldCountNoFailureWhenATimeLimitEndsASessionThatWasSetUp() {
    int record = session(1);
    table.setUp(record, ACCEPTED + 1);
    ends.end(record, table.generation(record), Result.TIMEOUT, Term.CLIENT_IDLE, NOW);
    assertThat(counters.get(SLOT, Count.FAILED)).isZero();
  }

  @Test
  void shouldStillEndWhenTheConfigurationIsNotKnown() {
    int record = session(12);
    assertThat(ends.end(record, table.generation(record), Result.OK, Term.NORMAL, NOW)).isTrue();
    assertThat(lines()).contains(" listener=- client=192.0.2.9:1 ");
    assertThat(records.active()).isZero();
  }
}
