package org.portbouncer.launcher.mother.staff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.Reports;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.mother.MotherRig;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.handover.CallSocket;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.portbouncer.launcher.privilege.Confinement;
import org.portbouncer.launcher.privilege.SocketRights;
import org.portbouncer.launcher.systemd.Notifier;

/** The supervisor, over workers whose processes do nothing and whose words are the test's. */
class SupervisorTest {

  private static final String CONFIGURATION =
      """
      listeners { web { listen = "127.0.0.1:0", target = "127.0.0.1:9" } }
      workers { negotiate = 1, acl = 1, connect = 1, bandwidth = 1, io = 2, spares = 0 }
      """;

  @TempDir private Path folder;

  private final FakeWorkers fakes = new FakeWorkers();
  private final List<String> news = new ArrayList<>();
  private final Set<Integer> answered = new HashSet<>();
  private Configuration configuration;
  private MotherRig rig;
  private Supervisor supervisor;
  private long lastSession;

  @BeforeEach
  void open() throws Exception {
    configuration = MotherRig.configuration(folder, CONFIGURATION);
    rig = new MotherRig(configuration, 64, 60);
    Epoch epoch = rig.epoch(configuration);
    InForce inForce = new InForce();
    inForce.put(epoch, null);
    PublishedEpochs published = new PublishedEpochs();
    published.add(MotherRig.published(epoch));
    supervisor =
        rig.onLoop(
            () ->
                new Supervisor(
                    rig.ground(),
                    inForce,
                    published,
                    new AccessLog(),
                    new Notifier(Map.of(), 0),
                    new Inboxes(120),
                    new CallSocket(),
                    fakes));
    rig.onLoop(
        () ->
            supervisor.tell(
                new WorkerNews() {
                  @Override
                  public void allReady() {
                    news.add("all ready");
                  }

                  @Override
                  public void died(WorkerProcess worker, String how) {
                    news.add(worker.name() + " " + how);
                  }
                }));
  }

  @AfterEach
  void close() throws Exception {
    rig.onLoop(supervisor::destroyAll);
    rig.awaitOnLoop("the end of all workers", () -> !supervisor.anyRunning());
    fakes.close();
    rig.close();
  }

  private void start() {
    rig.onLoop(
        () -> {
          supervisor.start(configuration.workers(), Confinement.detect(false, SocketRights.none()));
          return null;
        });
  }

  /** Each of them that has not yet says that it serves. */
  private void becomeReady() {
    rig.onLoop(
        () -> {
          for (FakeWorkers.Fake fake : fakes.started()) {
            if (answered.add(fake.pid())) {
              ControlChannel link = fake.link();
              assertThat(Reports.epoch(link, 1)).isZero();
              assertThat(Reports.ready(link, FakeWorkers.BUILD)).isZero();
            }
          }
        });
  }

  private void startAll() {
    start();
    becomeReady();
    rig.awaitOnLoop("all workers", () -> supervisor.allReady());
  }

  private WorkerProcess worker(String name) {
    return rig.onLoop(
        () ->
            supervisor.workers().stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow());
  }

  /** Kills its process and waits for the one that follows. */
  private void kill(WorkerProcess worker) {
    int before = rig.onLoop(worker::pid);
    rig.onLoop(worker::destroy);
    rig.awaitOnLoop("the successor", () -> worker.running() && worker.pid() != before);
  }

  /** A session in the hands of that worker's process. */
  private int sessionOf(WorkerProcess worker, StageId stage) {
    return rig.onLoop(
        () -> {
          SessionTable table = rig.table();
          SessionState state = rig.session(++lastSession);
          int record = state.record();
          assertThat(table.queue(record, state.generation(), MotherRig.PID, stage)).isTrue();
          assertThat(table.arrive(state, stage, worker.pid(), 0)).isNotNegative();
          return record;
        });
  }

  @Test
  void shouldStartTheLastStageFirst() {
    start();
    assertThat(rig.onLoop(() -> fakes.started().stream().map(FakeWorkers.Fake::name).toList()))
        .containsExactly("io/1", "io/0", "bandwidth/0", "connect/0", "acl/0", "negotiate/0");
    assertThat(rig.onLoop(supervisor::allReady)).isFalse();
  }

  @Test
  void shouldSayOnceThatAllAreReady() {
    startAll();
    kill(worker("acl/0"));
    becomeReady();
    rig.awaitOnLoop("all workers again", () -> supervisor.allReady());
    assertThat(rig.onLoop(() -> List.copyOf(news)))
        .containsExactly("all ready", "acl/0 killed by signal 9");
  }

  @Test
  void shouldEndTheSessionsOfAWorkerThatDies() {
    startAll();
    WorkerProcess acl = worker("acl/0");
    int lost = sessionOf(acl, StageId.ACL);
    int kept = sessionOf(worker("connect/0"), StageId.CONNECT);
    kill(acl);
    assertThat(rig.table().phase(lost)).isEqualTo(SessionTable.Phase.FREE);
    assertThat(rig.table().phase(kept)).isEqualTo(SessionTable.Phase.HELD);
    assertThat(rig.ground().area().listeners().endedWith(0, Result.ERROR)).isEqualTo(1);
    assertThat(rig.ground().active()).isEqualTo(1);
  }

  @Test
  void shouldFinishTheEndThatAWorkerHadBegunWhenItDies() {
    startAll();
    WorkerProcess connect = worker("connect/0");
    int record = sessionOf(connect, StageId.CONNECT);
    assertThat(rig.table().claimEnd(record, rig.table().generation(record), connect.pid()))
        .isTrue();
    kill(connect);
    assertThat(rig.table().phase(record)).isEqualTo(SessionTable.Phase.FREE);
    assertThat(rig.ground().active()).isZero();
  }

  @Test
  void shouldWaitTwiceAsLongEachTimeWhenAWorkerKeepsDying() {
    startAll();
    WorkerProcess worker = worker("negotiate/0");
    List<Long> pauses = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      kill(worker);
      pauses.add(rig.onLoop(() -> worker.starts().pauses().last()) / 1_000_000);
    }
    assertThat(pauses).containsExactly(0L, 100L, 200L, 400L);
    assertThat(rig.onLoop(() -> supervisor.restarts().of(StageId.NEGOTIATE))).isEqualTo(4);
    assertThat(rig.onLoop(() -> supervisor.restarts().of(StageId.ACL))).isZero();
  }

  @Test
  void shouldNotWaitWhenAWorkerHadServed() {
    startAll();
    WorkerProcess worker = worker("negotiate/0");
    for (int i = 0; i < 3; i++) {
      rig.onLoop(
          () -> rig.ground().area().workers().add(worker.place(), WorkerBoard.Count.RECEIVED, 1));
      kill(worker);
      assertThat(rig.onLoop(() -> worker.starts().pauses().last())).isZero();
    }
  }

  @Test
  void shouldTryAgainWhenNoProcessCanBeStarted() {
    startAll();
    WorkerProcess worker = worker("acl/0");
    rig.onLoop(() -> fakes.fail(true));
    rig.onLoop(worker::destroy);
    rig.awaitOnLoop("a failed start", () -> worker.starts().lastEnd().contains("no process"));
    assertThat(rig.onLoop(worker::state)).isEqualTo(WorkerState.THROTTLED);
    rig.onLoop(() -> fakes.fail(false));
    rig.awaitOnLoop("the successor", worker::running);
  }

  @Test
  void shouldHaveNoWorkerMoreWhenOneOfAReloadCannotBeStarted() throws Exception {
    startAll();
    rig.onLoop(() -> fakes.fail(true));
    Configuration.Workers more =
        MotherRig.configuration(folder, CONFIGURATION.replace("acl = 1", "acl = 3")).workers();
    assertThatThrownBy(() -> rig.onLoop(() -> supervisor.hire(more)))
        .hasRootCauseInstanceOf(StartException.class);
    assertThat(rig.onLoop(() -> supervisor.workers().size())).isEqualTo(6);
    assertThat(rig.onLoop(supervisor::allReady)).isTrue();
  }

  @Test
  void shouldReplaceNobodyWhenItStops() {
    startAll();
    rig.onLoop(supervisor::stopWorkers);
    rig.onLoop(supervisor::destroyAll);
    rig.awaitOnLoop("the end of all workers", () -> !supervisor.anyRunning());
    assertThat(rig.onLoop(() -> fakes.started().size())).isEqualTo(6);
    assertThat(rig.onLoop(() -> List.copyOf(news))).containsExactly("all ready");
  }

  @Test
  void shouldNameWhatItCannotMove() {
    startAll();
    assertThat(rig.onLoop(() -> supervisor.moves().begin("io/7", outcome -> {})))
        .startsWith("no worker 'io/7'");
    assertThat(rig.onLoop(() -> supervisor.moves().begin("acl/0", outcome -> {})))
        .isEqualTo("acl/0 forwards no sessions: only io workers can be moved");
  }
}
