package org.portbouncer.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.Orders;
import org.portbouncer.core.control.OrphanLink;
import org.portbouncer.core.control.OrphanLink.Word;
import org.portbouncer.core.control.OrphanSession;
import org.portbouncer.core.control.Report;
import org.portbouncer.core.control.Staying;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.support.Configurations;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.Sockets;

/** An io worker whose mother has gone, on a thread of the test, which is the next one. */
class OrphanTalkTest {

  private static final int MOTHER = 100;
  private static final int PLACE = 5;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Set<Long> paused = ConcurrentHashMap.newKeySet();
  private final Set<Long> went = ConcurrentHashMap.newKeySet();
  private final Set<Long> departed = ConcurrentHashMap.newKeySet();
  private final Set<Long> internal = ConcurrentHashMap.newKeySet();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final SharedArea area = SharedArea.create(64);
  private final SessionTable table = area.sessions();
  private final RecordAllocator records = new RecordAllocator(table, MOTHER);
  private final SessionPool pool = new SessionPool();
  private final int[] control = Descriptor.pair(Const.SOCK_SEQPACKET);
  private final int[] inbox = Descriptor.pair(Const.SOCK_DGRAM);
  private final int[] calls = Descriptor.pair(Const.SOCK_DGRAM);
  private final HopSender sender =
      new HopSender(
          inbox[0], 1, new Handover(table, StageId.IO, StageId.IO, MOTHER, pool, session -> {}));
  private Thread thread;
  private OrphanLink link;
  private boolean left;

  /** Holds what comes, and writes down what it is told. */
  private final class Holding implements Stage {
    private final Worker worker;

    Holding(Worker worker) {
      this.worker = worker;
    }

    @Override
    public StageId id() {
      return StageId.IO;
    }

    @Override
    public void session(Session session) {
      int record = session.state().record();
      worker.hold(session);
      table.setUp(record, worker.loop().now());
      Descriptors its = session.descriptors();
      int client = its.peek(Descriptors.CLIENT);
      table.flow().begin(record, client, its.peek(Descriptors.TARGET), 3, 4, SessionFlow.LIVE);
    }

    @Override
    public Staying pause(Session session) {
      long id = session.state().id();
      if (internal.contains(id)) {
        return Staying.INTERNAL;
      }
      paused.add(id);
      return null;
    }

    @Override
    public void goOn(Session session) {
      went.add(session.state().id());
    }

    @Override
    public void depart(Session session) {
      worker.letGo(session);
      departed.add(session.state().id());
    }

    @Override
    public void endHeld(Session session, Result result, Term term) {
      worker.letGo(session);
      worker.end(session, result, term);
    }

    @Override
    public int descriptorsPerSession() {
      return 2;
    }
  }

  @BeforeEach
  void start() throws Exception {
    WorkerStart words =
        new WorkerStart(
            7,
            StageId.IO,
            0,
            PLACE,
            1,
            new LogForm(false, false),
            Descriptor.copy(area.fd()),
            -1,
            -1,
            calls[1],
            inbox[1],
            new int[0]);
    thread =
        Thread.ofPlatform()
            .name("worker")
            .start(
                () -> {
                  try {
                    new Worker(new ControlChannel(control[1]), words, Holding::new, false).run();
                  } catch (Throwable e) {
                    failure.set(e);
                  }
                });
    Configuration configuration =
        Configurations.open(
            Configurations.inet("127.0.0.1:8080"), Configurations.inet("192.0.2.1:80"), List.of());
    Places places = new Places(new int[] {4}, new int[0], new int[0][], new int[0][], 0);
    byte[] bytes = EpochCodec.encode(new Epoch(1, configuration, places), 0);
    int fd = Native.constantFile("config", bytes);
    ControlChannel mother = new ControlChannel(control[0]);
    assertThat(new Orders(mother).config(fd, bytes.length, 1, new int[0])).isZero();
    Descriptor.close(fd);
    await("READY", () -> mother.receive() > 0 && mother.code() == Report.READY.code());
  }

  /** It ends by itself when it has no session. */
  @AfterEach
  void stop() throws Exception {
    assertThat(thread.join(PATIENCE)).as("the worker has ended").isTrue();
    assertThat(failure.get()).isNull();
    Descriptor.close(control[1], inbox[0], inbox[1], calls[0], calls[1]);
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - until).as(what).isNegative();
      Thread.sleep(1);
    }
  }

  private void hold(int count) throws InterruptedException {
    for (int i = 0; i < count; i++) {
      int record = records.allocate();
      Session session = pool.obtain();
      session.create(0, 0);
      SessionState state = session.state();
      state.identify(1000 + record, record, table.generation(record));
      state.origin(1, 0, 0);
      state.accepted(System.nanoTime());
      SockAddr.put(state.memory(), state.client(), InetAddress.ofLiteral("192.0.2.7"), 9);
      session.descriptors().put(Descriptors.CLIENT, Descriptor.named("client"));
      session.descriptors().put(Descriptors.TARGET, Descriptor.named("target"));
      table.admit(record, state, 4, 0);
      sender.offer(session);
      await("room in the inbox", () -> sender.flush() == 0);
    }
    await("all", () -> area.workers().sessions(PLACE) == count);
  }

  /** The mother has gone; another asks. */
  private void call() {
    leave();
    int[] pair = Descriptor.pair(Const.SOCK_SEQPACKET);
    assertThat(new OrphanLink(calls[0]).call(pair[1])).isZero();
    Descriptor.close(pair[1]);
    link = new OrphanLink(pair[0]);
  }

  private void leave() {
    if (!left) {
      left = true;
      Descriptor.close(control[0]);
    }
  }

  private Word hear() throws Exception {
    Word[] word = new Word[1];
    await(
        "a word",
        () -> {
          try {
            word[0] = link.next(false);
          } catch (ControlException e) {
            throw new AssertionError(e);
          }
          return word[0] != null;
        });
    return word[0];
  }

  private void assertHello() throws Exception {
    assertThat(hear()).isEqualTo(Word.HELLO);
    assertThat(link.readHello())
        .isEqualTo(
            new OrphanLink.Hello(OrphanLink.PROTOCOL, (int) ProcessHandle.current().pid(), 1));
  }

  private OrphanSession hearSession(int number) throws Exception {
    assertThat(hear()).isEqualTo(Word.SESSION);
    OrphanSession said = link.readSession();
    assertThat(said.number()).isEqualTo(number);
    return said;
  }

  /** Takes all that it has, so that it ends. */
  private void takeAll(int count) throws Exception {
    call();
    assertHello();
    for (int number = 1; number <= count; number++) {
      hearSession(number);
      link.took(number);
    }
    assertThat(hear()).isEqualTo(Word.DONE);
    Descriptor.close(link.fd());
  }

  @Test
  void shouldLetGoOfThoseThatAreTakenAndGoOnWithThoseThatAreLeft() throws Exception {
    hold(3);
    internal.add(1002L);
    call();
    assertHello();
    OrphanSession first = hearSession(1);
    assertThat(first.id()).isEqualTo(1000);
    assertThat(first.names().listener()).isNotEmpty();
    assertThat(first.names().endpoint()).isEqualTo("127.0.0.1:8080");
    assertThat(first.position().up()).isEqualTo(3);
    assertThat(first.position().down()).isEqualTo(4);
    assertThat(Descriptor.link(link.descriptor(0))).contains("client");
    assertThat(Descriptor.link(link.descriptor(1))).contains("target");
    hearSession(2);
    assertThat(link.took(1)).isZero();
    assertThat(link.left(2)).isZero();
    assertThat(hear()).isEqualTo(Word.DONE);
    assertThat(link.readDone()).containsExactly(0, 1, 0);
    assertThat(departed).containsExactly(1000L);
    assertThat(went).containsExactly(1001L);
    await("its record", () -> table.phase(0) == SessionTable.Phase.FREE);
    assertThat(table.phase(1)).isEqualTo(SessionTable.Phase.HELD);
    assertThat(table.phase(2)).isEqualTo(SessionTable.Phase.HELD);
    Descriptor.close(link.fd());
    internal.clear();
    takeAll(2);
    await("all records", () -> records.active() == 0);
  }

  @Test
  void shouldHaveSomeStandStillAtOnceAndGoOnWithThemWhenTheLinkEnds() throws Exception {
    hold(40);
    call();
    assertHello();
    for (int number = 1; number <= 32; number++) {
      hearSession(number);
    }
    assertThat(link.next(false)).isNull();
    assertThat(paused).hasSize(32);
    for (int number = 1; number <= 4; number++) {
      link.took(number);
    }
    for (int number = 33; number <= 36; number++) {
      hearSession(number);
    }
    Descriptor.close(link.fd());
    await("those that were told", () -> went.size() == 32);
    assertThat(departed).hasSize(4);
    takeAll(36);
    assertThat(departed).hasSize(40);
  }

  @Test
  void shouldWaitNoLongerForAnAnswerAndTakeNoneAfterThat() throws Exception {
    hold(2);
    call();
    assertHello();
    hearSession(1);
    hearSession(2);
    await("that it goes on", () -> went.size() == 2);
    assertThat(link.took(1)).as("errno").isNotZero();
    Descriptor.close(link.fd());
    assertThat(departed).isEmpty();
    takeAll(2);
  }

  @Test
  void shouldEndTheLinkAtAnAnswerToNothing() throws Exception {
    hold(1);
    List<int[]> wrong = new ArrayList<>(List.of(new int[] {2}, new int[] {1, 1}));
    for (int[] numbers : wrong) {
      call();
      assertHello();
      hearSession(1);
      for (int number : numbers) {
        link.left(number);
      }
      await("its end", this::hasEnded);
      Descriptor.close(link.fd());
    }
    assertThat(departed).isEmpty();
    takeAll(1);
  }

  private boolean hasEnded() {
    try {
      link.next(false);
      return false;
    } catch (ControlException e) {
      return true;
    }
  }

  @Test
  void shouldAnswerNobodyWhoseLinkIsNone() throws Exception {
    hold(1);
    leave();
    int[] stream = Descriptor.pair(Const.SOCK_STREAM);
    new OrphanLink(calls[0]).call(stream[1]);
    Descriptor.close(stream[1]);
    await("its end", () -> Sockets.isReadable(stream[0]));
    assertThat(Descriptor.readBytes(stream[0])).isEmpty();
    Descriptor.close(stream[0]);
    takeAll(1);
  }
}
