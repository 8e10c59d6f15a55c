package org.portbouncer.launcher.mother.rescue;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.hop.HopReceiver;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.worker.Epochs;
import org.portbouncer.core.worker.Handover;
import org.portbouncer.core.worker.SessionEnd;
import org.portbouncer.core.worker.SessionPool;
import org.portbouncer.launcher.mother.ground.LiveRecords;

/** One stage with one inbox, one worker before it and one that reads it; both are the test. */
class LostOnHopTest {
  private static final int MOTHER = 10;
  private static final int SENDER = 11;
  private static final int READER = 12;
  private static final StageId STAGE = StageId.CONNECT;

  private final SessionPool pool = new SessionPool();
  private final EventLoop loop = new EventLoop();
  private final List<String> asked = new ArrayList<>();
  private SessionTable table;
  private RecordAllocator records;
  private HopSender sender;
  private HopReceiver reader;
  private LostOnHop lost;
  private int token;
  private int writing;
  private int reading;
  private int[] inboxes;

  @BeforeEach
  void open() {
    SharedArea area = SharedArea.create(4096);
    table = area.sessions();
    records = new RecordAllocator(table, MOTHER);
    MemorySegment pair = Native.allocate(8);
    int type = Const.SOCK_DGRAM | Const.SOCK_CLOEXEC | Const.SOCK_NONBLOCK;
    assertThat(Libc.socketpair(Const.AF_UNIX, type, 0, pair.address())).isZero();
    writing = pair.get(JAVA_INT, 0);
    reading = pair.get(JAVA_INT, 4);
    inboxes = new int[] {writing};
    sender =
        new HopSender(
            writing, 1, new Handover(table, STAGE.before(), STAGE, SENDER, pool, session -> {}));
    reader = new HopReceiver(reading, null, pool);
    SessionEnd ends = new SessionEnd(area, null, new Epochs(), new AccessLog(), MOTHER);
    LostOnHop.Peers peers =
        new LostOnHop.Peers() {
          @Override
          public int nextToken() {
            return ++token;
          }

          @Override
          public Collection<?> sync(StageId stage, int token) {
            asked.add(stage.text());
            return List.of(stage);
          }
        };
    lost =
        new LostOnHop(
            loop,
            table,
            new LiveRecords(table, records),
            ends,
            peers,
            STAGE,
            () -> inboxes,
            _ -> true);
  }

  @AfterEach
  void close() {
    Libc.close(writing);
    Libc.close(reading);
  }

  /** A session that the worker before the stage holds. */
  private Session session() {
    int record = records.allocate();
    Session session = pool.obtain();
    session.create(0, 0);
    SessionState state = session.state();
    state.identify(record, record, table.generation(record));
    table.admit(record, state, 0, 0);
    assertThat(table.queue(record, state.generation(), MOTHER, STAGE.before())).isTrue();
    assertThat(table.arrive(state, STAGE.before(), SENDER, 0)).isNotNegative();
    return session;
  }

  private int sent() {
    Session session = session();
    int record = session.state().record();
    sender.offer(session);
    assertThat(sender.flush()).isZero();
    return record;
  }

  /** What a worker that died had taken out of the inbox, or never put there. */
  private int lostOne() {
    int record = sent();
    assertThat(reader.receive()).isEqualTo(1);
    pool.release(reader.take(0));
    return record;
  }

  /** Reads one message; returns the token of a mark, 0 for a session, which is claimed. */
  private int read() {
    int count = reader.receive();
    if (count == HopReceiver.MARK) {
      lost.marked(writing, reader.mark());
      return reader.mark();
    }
    assertThat(count).as("sessions; %s", reader.refusal()).isEqualTo(1);
    Session session = reader.take(0);
    assertThat(table.arrive(session.state(), STAGE, READER, 0)).isNotNegative();
    pool.release(session);
    return 0;
  }

  private SessionTable.Phase phase(int record) {
    return table.phase(record);
  }

  @Test
  void shouldEndWhatIsNowhereAndNothingElse() {
    int taken = lostOne();
    int waiting = sent();
    int outgoing = session().state().record();
    lost.begin();
    assertThat(asked).containsExactly("acl");
    assertThat(reader.receive()).as("what waited; no mark before the answer").isEqualTo(1);
    Session session = reader.take(0);
    assertThat(reader.receive()).isEqualTo(-Errno.EAGAIN);
    lost.synced(STAGE.before(), token);
    int later = sent();
    assertThat(read()).as("the mark").isEqualTo(token);
    assertThat(asked).containsExactly("acl", "connect");
    assertThat(phase(taken))
        .as("the reader may have it in hand")
        .isEqualTo(SessionTable.Phase.QUEUED);
    assertThat(table.arrive(session.state(), STAGE, READER, 0)).isNotNegative();
    pool.release(session);
    lost.synced(STAGE, token);

    assertThat(phase(taken)).isEqualTo(SessionTable.Phase.FREE);
    assertThat(phase(waiting)).isEqualTo(SessionTable.Phase.HELD);
    assertThat(phase(outgoing)).isEqualTo(SessionTable.Phase.HELD);
    assertThat(phase(later)).isEqualTo(SessionTable.Phase.QUEUED);
    assertThat(read()).isZero();
    assertThat(loop.timers().size()).as("timers left").isZero();
  }

  @Test
  void shouldAskNobodyWhenNothingIsUnderWay() {
    session();
    lost.begin();
    assertThat(asked).isEmpty();
    assertThat(reader.receive()).isEqualTo(-Errno.EAGAIN);
  }

  @Test
  void shouldBeginAnewWhenAnotherWorkerDiesMeanwhile() {
    int first = lostOne();
    lost.begin();
    int before = token;
    lost.synced(STAGE.before(), token);
    // The reader dies with the mark in its hands, and with one more session.
    assertThat(reader.receive()).isEqualTo(HopReceiver.MARK);
    int second = lostOne();
    lost.begin();
    lost.synced(STAGE.before(), before);
    lost.marked(writing, before);
    assertThat(reader.receive()).as("late answers count for nothing").isEqualTo(-Errno.EAGAIN);
    lost.synced(STAGE.before(), token);
    assertThat(read()).isEqualTo(token);
    lost.synced(STAGE, token);
    assertThat(phase(first)).isEqualTo(SessionTable.Phase.FREE);
    assertThat(phase(second)).isEqualTo(SessionTable.Phase.FREE);
  }

  @Test
  void shouldNotBelieveAMarkOfAnInboxThatGotNone() {
    int taken = lostOne();
    lost.begin();
    lost.synced(STAGE.before(), token);
    lost.marked(writing + 1, token);
    assertThat(asked).as("the readers are not asked yet").containsExactly("acl");
    assertThat(read()).isEqualTo(token);
    lost.synced(STAGE, token);
    assertThat(phase(taken)).isEqualTo(SessionTable.Phase.FREE);
  }

  @Test
  void shouldWaitForRoomWhenTheInboxIsFull() {
    int taken = lostOne();
    List<Integer> waiting = new ArrayList<>();
    int errno = 0;
    while (errno == 0) {
      Session session = session();
      waiting.add(session.state().record());
      sender.offer(session);
      errno = sender.flush();
    }
    assertThat(errno).isEqualTo(Errno.EAGAIN);
    assertThat(phase(waiting.getLast())).as("could not be sent").isEqualTo(SessionTable.Phase.HELD);
    lost.begin();
    lost.synced(STAGE.before(), token);
    assertThat(loop.timers().size()).as("patience, and another try").isEqualTo(2);
    int reads = 0;
    while (read() == 0) {
      reads++;
      loop.timers().expire(System.nanoTime() + 30_000_000);
    }
    assertThat(reads).isGreaterThan(10);
    lost.synced(STAGE, token);
    assertThat(phase(taken)).isEqualTo(SessionTable.Phase.FREE);
    assertThat(waiting).noneMatch(record -> phase(record) == SessionTable.Phase.FREE);
  }

  @Test
  void shouldSendNothingToWhoeverHasTheNumberOfAnInboxThatWasClosedMeanwhile() {
    int taken = lostOne();
    Session session = session();
    sender.offer(session);
    while (sender.flush() == 0) {
      session = session();
      sender.offer(session);
    }
    lost.begin();
    lost.synced(STAGE.before(), token);
    assertThat(loop.timers().size()).as("patience, and another try").isEqualTo(2);
    // A reload has released the inbox; whoever has its number now is the reader here.
    inboxes = new int[0];
    int reads = 0;
    while (reader.receive() == 1) {
      pool.release(reader.take(0));
      reads++;
    }
    assertThat(reads).isGreaterThan(10);
    loop.timers().expire(System.nanoTime() + 30_000_000);
    assertThat(reader.receive()).as("no mark").isEqualTo(-Errno.EAGAIN);
    assertThat(asked).as("it goes on without").containsExactly("acl", "connect");
    lost.synced(STAGE, token);
    assertThat(phase(taken)).isEqualTo(SessionTable.Phase.FREE);
  }

  @Test
  void shouldLeaveThoseAloneThatEndedMeanwhile() {
    int taken = lostOne();
    lost.begin();
    lost.synced(STAGE.before(), token);
    assertThat(table.claimEnd(taken, table.generation(taken), READER)).isTrue();
    table.free(taken);
    assertThat(records.allocate()).isEqualTo(taken);
    assertThat(read()).isEqualTo(token);
    lost.synced(STAGE, token);
    assertThat(phase(taken)).as("another's").isEqualTo(SessionTable.Phase.OPEN);
  }
}
