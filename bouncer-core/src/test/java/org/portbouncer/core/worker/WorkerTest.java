package org.portbouncer.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.Orders;
import org.portbouncer.core.control.Report;
import org.portbouncer.core.hop.HopReceiver;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.support.Configurations;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.Sockets;

/** A worker on a thread of the test, which is its mother and the stages around it. */
class WorkerTest {

  private static final StageId STAGE = StageId.NEGOTIATE;
  private static final int MOTHER = 100;
  private static final int PLACE = 5;
  private static final int BUILD = 7;
  private static final int SLOT = 4;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Does with a session what the test wants. */
  private final class Doing implements Stage {
    private Worker worker;

    @Override
    public StageId id() {
      return STAGE;
    }

    @Override
    public void session(Session session) {
      seen.add(session.state().id());
      if (holds) {
        worker.hold(session);
      } else {
        worker.forward(session);
      }
    }

    @Override
    public void endHeld(Session session, Result result, Term term) {
      worker.letGo(session);
      worker.end(session, result, term);
    }

    @Override
    public int descriptorsPerSession() {
      return 1;
    }
  }

  private final BlockingQueue<Long> seen = new LinkedBlockingQueue<>();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final SessionPool pool = new SessionPool();
  private volatile boolean holds;
  private SharedArea area;
  private SessionTable table;
  private RecordAllocator records;
  private int[] link;
  private int[] inbox;
  private int[] next;
  private ControlChannel mother;
  private Orders orders;
  private HopSender sender;
  private HopReceiver receiver;
  private Thread thread;

  @BeforeEach
  void start() throws Exception {
    area = SharedArea.create(64);
    table = area.sessions();
    records = new RecordAllocator(table, MOTHER);
    link = Descriptor.pair(Const.SOCK_SEQPACKET);
    inbox = Descriptor.pair(Const.SOCK_DGRAM);
    next = Descriptor.pair(Const.SOCK_DGRAM);
    mother = new ControlChannel(link[0]);
    orders = new Orders(mother);
    sender = new HopSender(inbox[0], 1, new Handover(table, STAGE, STAGE, MOTHER, pool, s -> {}));
    receiver = new HopReceiver(next[1], null, pool);
    WorkerStart words =
        new WorkerStart(
            BUILD,
            STAGE,
            0,
            PLACE,
            1,
            new LogForm(false, false),
            Descriptor.copy(area.fd()),
            -1,
            -1,
            -1,
            inbox[1],
            new int[] {next[0]});
    thread =
        Thread.ofPlatform()
            .name("worker")
            .start(
                () -> {
                  try {
                    Doing stage = new Doing();
                    new Worker(
                            new ControlChannel(link[1]),
                            words,
                            worker -> with(stage, worker),
                            false)
                        .run();
                  } catch (Throwable e) {
                    failure.set(e);
                  }
                });
    configure();
  }

  private static Stage with(Doing stage, Worker worker) {
    stage.worker = worker;
    return stage;
  }

  /** Says what configuration there is, and awaits that it serves. */
  private void configure() throws Exception {
    Configuration configuration =
        Configurations.open(
            Configurations.inet("127.0.0.1:8080"), Configurations.inet("192.0.2.1:80"), List.of());
    Places places = new Places(new int[] {SLOT}, new int[0], new int[0][], new int[0][], 0);
    byte[] bytes = EpochCodec.encode(new Epoch(1, configuration, places), 0);
    int fd = Native.constantFile("config", bytes);
    assertThat(orders.config(fd, bytes.length, 1, new int[0])).isZero();
    Descriptor.close(fd);
    awaitReport(Report.EPOCH);
    awaitReport(Report.READY);
  }

  @AfterEach
  void stop() throws Exception {
    orders.stop();
    assertThat(thread.join(PATIENCE)).as("the worker has ended").isTrue();
    assertThat(failure.get()).isNull();
    assertThat(area.workers().pid(PLACE)).isZero();
    Descriptor.close(link[0], link[1], inbox[0], inbox[1], next[0], next[1]);
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - until).as(what).isNegative();
      Thread.sleep(1);
    }
  }

  private void awaitReport(Report wanted) throws InterruptedException {
    await(wanted.name(), () -> mother.receive() > 0 && mother.code() == wanted.code());
  }

  /** A session of the mother's, whose client is the writing end of that pipe. */
  private Session session(int client) {
    int record = records.allocate();
    Session session = pool.obtain();
    session.create(0, 0);
    SessionState state = session.state();
    state.identify(1000 + record, record, table.generation(record));
    state.origin(1, 0, 0);
    state.accepted(System.nanoTime());
    SockAddr.put(state.memory(), state.client(), InetAddress.ofLiteral("192.0.2.7"), 9);
    session.descriptors().put(Descriptors.CLIENT, client);
    table.admit(record, state, SLOT, 0);
    return session;
  }

  private void send(Session session) {
    sender.offer(session);
    assertThat(sender.flush()).isZero();
  }

  private int ended(Result result) {
    return (int) area.listeners().endedWith(SLOT, result);
  }

  @Test
  void shouldSayWhoItIsWhenItServes() throws Exception {
    assertThat(area.workers().pid(PLACE)).isEqualTo((int) ProcessHandle.current().pid());
    await("a heartbeat", () -> area.workers().heartbeat(PLACE) > 0);
  }

  @Test
  void shouldPassASessionOnWithItsDescriptors() throws Exception {
    int[] pipe = Descriptor.pipe();
    Session session = session(pipe[1]);
    int record = session.state().record();
    send(session);
    await("the session", () -> receiver.receive() == 1);
    Session arrived = receiver.take(0);
    assertThat(arrived.state().id()).isEqualTo(1000 + record);
    assertThat(table.phase(record)).isEqualTo(SessionTable.Phase.QUEUED);
    assertThat(table.stage(record)).isEqualTo(STAGE.next());
    assertThat(table.hopPid(record, STAGE)).isEqualTo((int) ProcessHandle.current().pid());
    assertThat(area.workers().get(PLACE, WorkerBoard.Count.RECEIVED)).isEqualTo(1);
    pool.release(arrived);
    Descriptor.close(pipe[0]);
  }

  @Test
  void shouldEndWhatItHoldsWhenTheMotherSaysSo() throws Exception {
    holds = true;
    int[] pipe = Descriptor.pipe();
    Session session = session(pipe[1]);
    int record = session.state().record();
    send(session);
    await("the session to be held", () -> area.workers().sessions(PLACE) == 1);
    assertThat(orders.endAll(Result.DRAINED.code())).isZero();
    await("its end", () -> table.phase(record) == SessionTable.Phase.FREE);
    assertThat(ended(Result.DRAINED)).isEqualTo(1);
    await("no session", () -> area.workers().sessions(PLACE) == 0);
    await("its descriptor closed", () -> Sockets.isReadable(pipe[0]));
    Descriptor.close(pipe[0]);
  }

  @Test
  void shouldEndWhatTheOperatorKilledAndNothingElse() throws Exception {
    holds = true;
    Session one = session(Descriptor.named("one"));
    Session other = session(Descriptor.named("other"));
    int killed = one.state().record();
    int kept = other.state().record();
    send(one);
    send(other);
    await("both", () -> area.workers().sessions(PLACE) == 2);
    assertThat(table.requestEnd(killed, table.generation(killed), Result.KILLED)).isTrue();
    assertThat(orders.look()).isZero();
    await("its end", () -> table.phase(killed) == SessionTable.Phase.FREE);
    assertThat(table.phase(kept)).isEqualTo(SessionTable.Phase.HELD);
    assertThat(ended(Result.KILLED)).isEqualTo(1);
    orders.endAll(Result.DRAINED.code());
    await("no session", () -> area.workers().sessions(PLACE) == 0);
  }

  @Test
  void shouldCloseWhatCameWhenTheSessionHasEndedMeanwhile() throws Exception {
    int[] pipe = Descriptor.pipe();
    Session late = session(pipe[1]);
    int record = late.state().record();
    assertThat(table.claimEnd(record, table.generation(record), MOTHER)).isTrue();
    table.free(record);
    HopSender unasked = new HopSender(inbox[0], 1, pool::release);
    unasked.offer(late);
    assertThat(unasked.flush()).isZero();
    await("its descriptor closed", () -> Sockets.isReadable(pipe[0]));
    Descriptor.close(pipe[0]);
    // What comes after it is the first that the stage sees.
    Session next = session(Descriptor.named("next"));
    send(next);
    await("the next session", () -> receiver.receive() == 1);
    pool.release(receiver.take(0));
    assertThat(List.copyOf(seen)).hasSize(1);
  }

  @Test
  void shouldGoOnWhenAMessageIsGarbage() throws Exception {
    Descriptor.write(inbox[0], "not a frame");
    await("a refusal", () -> area.workers().get(PLACE, WorkerBoard.Count.REFUSED) == 1);
    Session session = session(Descriptor.named("client"));
    send(session);
    await("the session", () -> receiver.receive() == 1);
    pool.release(receiver.take(0));
    assertThat(seen.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isNotNull();
    assertThat(List.copyOf(seen)).isEmpty();
  }
}
