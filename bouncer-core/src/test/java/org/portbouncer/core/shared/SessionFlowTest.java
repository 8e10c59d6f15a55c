package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.SessionFlow.Place;
import org.portbouncer.core.sys.SockAddr;

/** What a record says for those who go on with its session. */
class SessionFlowTest {
  private static final int MOTHER = 100;
  private static final int WORKER = 200;
  private static final int OTHER = 300;

  private final SessionTable table = SharedArea.create(64).sessions();
  private final RecordAllocator records = new RecordAllocator(table, MOTHER);
  private final SessionFlow flow = table.flow();
  private int record;
  private SessionState state;

  /** A session that an io worker holds. */
  @BeforeEach
  void forward() {
    record = records.allocate();
    Session session = new Session();
    session.create(0, 0);
    state = session.state();
    state.identify(7, record, table.generation(record));
    state.origin(3, 4, 5);
    state.accepted(1_000_000);
    SockAddr.put(state.memory(), state.client(), InetAddress.ofLiteral("2001:db8::7"), 9);
    SockAddr.put(state.memory(), state.local(), InetAddress.ofLiteral("192.0.2.7"), 80);
    table.admit(record, state, 6, 1234);
    table.rule(record, 2);
    table.bandwidth(record, 1);
    table.queue(record, table.generation(record), MOTHER, StageId.IO);
    table.arrive(state, StageId.IO, WORKER, 2_000_000);
  }

  @Test
  void shouldBeWholeOnlyWhileNothingIsInHandAndItCanBeGoneOnWith() {
    flow.begin(record, 10, 11, 5, 6, 0);
    assertThat(flow.isWhole(record)).as("not live").isFalse();
    flow.now(record, SessionFlow.LIVE);
    assertThat(flow.isWhole(record)).isTrue();
    for (int way = 0; way < Way.COUNT; way++) {
      flow.position(record, way, Place.IN_HAND, 5);
      assertThat(flow.isWhole(record)).as("way %d", way).isFalse();
      flow.position(record, way, Place.HELD, 5);
      assertThat(flow.isWhole(record)).isTrue();
    }
  }

  @Test
  void shouldTellWhatWasWrittenForGoodWhereTheRestIsInItsPipeOrHeldAlone() {
    flow.position(record, Way.UP, Place.SETTLED, 50);
    assertThat(flow.written(record, Way.UP, 20)).isEqualTo(50);
    flow.position(record, Way.UP, Place.GIVING, 50);
    assertThat(flow.written(record, Way.UP, 20)).isEqualTo(30);
    assertThat(flow.written(record, Way.UP, 51)).as("more than there was").isEqualTo(-1);
    flow.position(record, Way.UP, Place.IN_HAND, 50);
    assertThat(flow.written(record, Way.UP, 0)).isEqualTo(-1);
    flow.position(record, Way.UP, Place.HELD, 50);
    for (int held : new int[] {-1, 0, SessionFlow.MOST_HELD + 1}) {
      flow.held(record, Way.UP, 4096, held);
      assertThat(flow.written(record, Way.UP, 0)).as("%d bytes held", held).isEqualTo(-1);
    }
    flow.held(record, Way.UP, 4096, SessionFlow.MOST_HELD);
    assertThat(flow.written(record, Way.UP, 0)).isEqualTo(50);
    assertThat(flow.written(record, Way.UP, 1)).as("in a pipe as well").isEqualTo(-1);
  }

  @Test
  void shouldGiveBackWhatWasNotedOfEachWayAndOfNoOther() {
    flow.begin(record, 10, 11, 5, 6, SessionFlow.LIVE);
    flow.position(record, Way.UP, Place.GIVING, 1L << 61);
    flow.position(record, Way.DOWN, Place.HELD, 77);
    flow.held(record, Way.DOWN, 0x7fff_0000_1234L, 131_072);
    flow.pipe(record, Way.UP, 12);
    assertThat(flow.client(record)).isEqualTo(10);
    assertThat(flow.target(record)).isEqualTo(11);
    assertThat(flow.place(record, Way.UP)).isEqualTo(Place.GIVING);
    assertThat(flow.bytes(record, Way.UP)).isEqualTo(1L << 61);
    assertThat(flow.place(record, Way.DOWN)).isEqualTo(Place.HELD);
    assertThat(flow.bytes(record, Way.DOWN)).isEqualTo(77);
    assertThat(flow.heldAddress(record, Way.DOWN)).isEqualTo(0x7fff_0000_1234L);
    assertThat(flow.heldBytes(record, Way.DOWN)).isEqualTo(131_072);
    assertThat(flow.heldAddress(record, Way.UP)).isZero();
    assertThat(flow.pipe(record, Way.UP)).isEqualTo(12);
    assertThat(flow.pipe(record, Way.DOWN)).isEqualTo(-1);
    assertThat(flow.is(record + 1, SessionFlow.LIVE)).isFalse();
  }

  @Test
  void shouldSayNothingOfTheSessionThatHadTheRecordBefore() {
    flow.begin(record, 10, 11, 5, 6, SessionFlow.LIVE | SessionFlow.CLIENT_RESET);
    table.claimEnd(record, table.generation(record), WORKER);
    table.free(record);
    state.identify(8, records.allocate(), table.generation(record));
    table.admit(record, state, 6, 1234);
    assertThat(flow.flags(record)).isZero();
  }

  @Test
  void shouldLetASessionBeTakenOverFromItsDeadOwnerAlone() {
    assertThat(table.takeOver(record, OTHER, MOTHER)).isFalse();
    assertThat(table.takeOver(record, WORKER, MOTHER)).isTrue();
    assertThat(table.takeOver(record, WORKER, MOTHER)).isFalse();
    assertThat(table.owner(record)).isEqualTo(MOTHER);
    assertThat(table.claimEnd(record, table.generation(record), MOTHER)).isTrue();
    assertThat(table.takeOver(record, MOTHER, OTHER)).as("while it is being ended").isFalse();
  }

  @Test
  void shouldKeepWhoItIsAndWhenItCameWhenItArrivesAgain() {
    int micros = table.hopMicros(record, StageId.IO);
    flow.begin(record, -1, -1, 5, 6, SessionFlow.HEADER);
    table.takeOver(record, WORKER, MOTHER);
    Session again = new Session();
    again.create(0, 0);
    table.restore(record, again.state());
    assertThat(again.state().resumed()).isTrue();
    assertThat(again.state().id()).isEqualTo(7);
    assertThat(again.state().accepted()).isEqualTo(1_000_000);
    assertThat(again.state().epoch()).isEqualTo(3);
    assertThat(again.state().listener()).isEqualTo(4);
    assertThat(again.state().endpoint()).isEqualTo(5);
    assertThat(again.state().rule()).isEqualTo(2);
    assertThat(again.state().bandwidth()).isEqualTo(1);
    assertThat(again.state().header()).isTrue();
    assertThat(again.state().relayed()).isFalse();
    assertThat(SockAddr.text(again.state().memory(), again.state().client()))
        .isEqualTo("[2001:db8::7]:9");
    table.queue(record, table.generation(record), MOTHER, StageId.IO);
    assertThat(table.arrive(again.state(), StageId.IO, OTHER, 9_000_000_000L)).isZero();
    assertThat(table.hopMicros(record, StageId.IO)).isEqualTo(micros);
    assertThat(table.hopPid(record, StageId.IO)).isEqualTo(OTHER);
  }
}
