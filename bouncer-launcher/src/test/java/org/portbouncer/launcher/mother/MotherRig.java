package org.portbouncer.launcher.mother;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.portbouncer.config.ConfigLoader;
import org.portbouncer.config.LoadResult;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Mailbox;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.EpochCodec;
import org.portbouncer.core.worker.Epochs;
import org.portbouncer.core.worker.SessionEnd;
import org.portbouncer.launcher.mother.books.CounterPlaces;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.LiveRecords;
import org.portbouncer.launcher.mother.ground.StateMaker;
import org.portbouncer.launcher.mother.staff.PublishedEpoch;

/**
 * What the parts of a mother stand on, without the mother: a loop that turns on a thread of its
 * own, an area, a configuration. Parts are made and asked on that thread.
 */
public final class MotherRig {

  public static final int PID = 100;
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private final EventLoop loop = new EventLoop();
  private final Mailbox mailbox = new Mailbox(loop, MotherRig::failed);
  private final Ground ground;
  private final CounterPlaces places;
  private final Thread thread;
  private volatile Runnable turn = () -> {};
  private int lastEpoch;

  /**
   * Begins to turn.
   *
   * @param records of the session table
   * @param batch sessions in one message between stages
   */
  public MotherRig(Configuration first, int records, int batch) {
    SharedArea area = SharedArea.create(records);
    Epochs epochs = new Epochs();
    StateMaker states = StateMaker.open(first.stateTransfer());
    RecordAllocator allocator = new RecordAllocator(area.sessions(), PID);
    ground =
        new Ground(
            loop,
            mailbox,
            area,
            allocator,
            new LiveRecords(area.sessions(), allocator),
            epochs,
            new SessionEnd(area, states.slots(), epochs, new AccessLog(), PID),
            states,
            PID,
            batch);
    places = new CounterPlaces(area);
    thread = Thread.ofPlatform().name("loop").start(() -> loop.run(now -> endOfTurn()));
  }

  /** The configuration of a text: what stands inside of `bouncer`. */
  public static Configuration configuration(Path folder, String inside) throws IOException {
    Path file = Files.writeString(folder.resolve("b.conf"), "bouncer {\n" + inside + "\n}\n");
    LoadResult result = ConfigLoader.load(file);
    assertThat(result.configuration()).as("%s", result.problems()).isNotNull();
    return result.configuration();
  }

  private static void failed(RuntimeException e) {
    throw e;
  }

  private boolean endOfTurn() {
    turn.run();
    return false;
  }

  /** What is done at the end of each turn from now on. */
  public void atEndOfTurn(Runnable what) {
    turn = what;
  }

  public Ground ground() {
    return ground;
  }

  public SessionTable table() {
    return ground.table();
  }

  /** The state of a session that has just been admitted; to be called on the loop's thread. */
  public SessionState session(long id) {
    int record = ground.records().allocate();
    Session session = new Session();
    session.create(0, 0);
    SessionState state = session.state();
    state.identify(id, record, table().generation(record));
    state.origin(1, 0, 0);
    table().admit(record, state, 0, 0);
    return state;
  }

  /** A configuration with places to count at, as the next epoch. */
  public Epoch epoch(Configuration configuration) {
    int number = ++lastEpoch;
    Epoch epoch =
        onLoop(
            () ->
                new Epoch(
                    number, configuration, places.assign(configuration, new int[0], number, 1)));
    onLoop(() -> ground.epochs().add(epoch));
    return epoch;
  }

  /** As workers get it. */
  public static PublishedEpoch published(Epoch epoch) {
    return new PublishedEpoch(epoch.withoutNetworks(), EpochCodec.encode(epoch, 0), null);
  }

  /** Has it done on the loop's thread, and waits for it. */
  public void onLoop(Runnable what) {
    onLoop(
        () -> {
          what.run();
          return null;
        });
  }

  /** The same, with an answer. */
  public <T> T onLoop(Callable<T> what) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    ground.post(
        () -> {
          try {
            answer.complete(what.call());
          } catch (Exception | AssertionError e) {
            answer.completeExceptionally(e);
          }
        });
    return answer.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
  }

  /** Waits until it is so, as seen on the loop's thread. */
  public void awaitOnLoop(String what, Callable<Boolean> condition) {
    await(what).atMost(PATIENCE).until(() -> onLoop(condition));
  }

  /** Ends the loop. */
  public void close() throws InterruptedException {
    onLoop(loop::stop);
    assertThat(thread.join(PATIENCE)).as("the loop has ended").isTrue();
  }
}
