package org.portbouncer.launcher.mother.staff;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.Order;
import org.portbouncer.core.control.Reports;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.worker.ServerLog;
import org.portbouncer.core.worker.WorkerStart;
import org.portbouncer.launcher.mother.MotherRig;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.portbouncer.launcher.privilege.Confinement;
import org.portbouncer.launcher.privilege.SocketRights;

/** A worker as the mother has it, whose process does nothing and whose words are the test's. */
class WorkerProcessTest {

  private static final StageId STAGE = StageId.NEGOTIATE;

  /** What the mother was told, in its order. */
  private final List<String> news = new ArrayList<>();

  private final WorkerWatcher watcher =
      new WorkerWatcher() {
        @Override
        public void ready(WorkerProcess worker) {
          news.add("ready");
        }

        @Override
        public void knows(WorkerProcess worker) {
          news.add("knows " + worker.knows());
        }

        @Override
        public void refused(WorkerProcess worker, int epoch, String why) {
          news.add("refused " + epoch + ": " + why);
        }

        @Override
        public void gone(WorkerProcess worker, String how) {
          news.add("gone: " + how);
        }

        @Override
        public void unkept(WorkerProcess worker, String why) {
          news.add("unkept");
        }

        @Override
        public boolean isWorker(int pid) {
          return false;
        }

        @Override
        public boolean isKeeper(int pid) {
          return false;
        }

        @Override
        public void synced(WorkerProcess worker, int token) {
          news.add("synced " + token);
        }

        @Override
        public boolean marked(WorkerProcess worker, int token) {
          return false;
        }
      };

  @TempDir private Path folder;

  private final FakeWorkers fakes = new FakeWorkers();
  private final PublishedEpochs published = new PublishedEpochs();
  private MotherRig rig;
  private Inboxes inboxes;
  private WorkerProcess worker;
  private int openBefore;

  @BeforeEach
  void open() throws Exception {
    Configuration configuration =
        MotherRig.configuration(
            folder, "listeners { web { listen = \"127.0.0.1:0\", target = \"127.0.0.1:9\" } }");
    rig = new MotherRig(configuration, 64, 60);
    published.add(MotherRig.published(rig.epoch(configuration)));
    inboxes = rig.onLoop(() -> new Inboxes(120));
    worker =
        new WorkerProcess(
            rig.ground().loop(),
            Confinement.detect(false, SocketRights.none()),
            new ArrayDeque<>(),
            watcher,
            STAGE,
            0,
            3,
            inboxes.forWorker(STAGE));
    openBefore = descriptors();
  }

  @AfterEach
  void close() throws Exception {
    rig.onLoop(worker::destroy);
    rig.awaitOnLoop("the end of the process", () -> !worker.running());
    fakes.close();
    assertThat(descriptors()).as("open descriptors").isEqualTo(openBefore);
    rig.close();
  }

  private static int descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return (int) open.count();
    }
  }

  private ControlChannel start() {
    rig.onLoop(
        () -> {
          worker.start(
              fakes.start("negotiate/0", FakeWorkers.BUILD),
              new WorkerStart(
                  FakeWorkers.BUILD,
                  STAGE,
                  0,
                  3,
                  60,
                  new LogForm(false, false),
                  rig.ground().area().fd(),
                  -1,
                  -1,
                  -1,
                  worker.inbox().reading(),
                  inboxes.writing(STAGE.next())),
              false,
              () -> {},
              published);
          return null;
        });
    return fakes.last().link();
  }

  /** The codes of what it has been told and not read. */
  private static List<Integer> orders(ControlChannel link) {
    List<Integer> codes = new ArrayList<>();
    while (link.receive() > 0) {
      codes.add(link.code());
      link.closeDescriptors();
    }
    return codes;
  }

  private void awaitNews(String what) {
    rig.awaitOnLoop(what, () -> news.contains(what));
  }

  @Test
  void shouldTellAllThatItNeedsWhenItStarts() {
    ControlChannel link = start();
    assertThat(orders(link)).containsExactly(Order.START.code(), Order.CONFIG.code());
    assertThat(rig.onLoop(worker::state)).isEqualTo(WorkerState.STARTING);
    assertThat(rig.onLoop(worker::serves)).isFalse();
  }

  @Test
  void shouldServeWhenItKnowsTheConfigurationAndIsReady() {
    ControlChannel link = start();
    assertThat(Reports.epoch(link, 1)).isZero();
    assertThat(Reports.ready(link, FakeWorkers.BUILD)).isZero();
    awaitNews("ready");
    assertThat(rig.onLoop(() -> List.copyOf(news))).containsExactly("knows 1", "ready");
    assertThat(rig.onLoop(worker::serves)).isTrue();
  }

  @Test
  void shouldBeReplacedWhenItIsOfAnotherBuild() {
    ControlChannel link = start();
    Reports.epoch(link, 1);
    Reports.ready(link, FakeWorkers.BUILD + 1);
    awaitNews("gone: killed by signal 9");
    assertThat(rig.onLoop(worker::running)).isFalse();
    assertThat(rig.onLoop(() -> news.contains("ready"))).isFalse();
  }

  @Test
  void shouldBeReplacedWhenItSaysWhatNoWorkerSays() {
    ControlChannel link = start();
    link.begin(200).putInt(1);
    assertThat(link.send()).isZero();
    awaitNews("gone: killed by signal 9");
  }

  @Test
  void shouldBeReplacedWhenItAnswersWhatNobodyAsked() {
    ControlChannel link = start();
    Reports.synced(link, 17);
    awaitNews("gone: killed by signal 9");
    assertThat(rig.onLoop(() -> news.contains("synced 17"))).isFalse();
  }

  @Test
  void shouldBeReplacedWhenItDoesNotReadWhatItIsTold() {
    start();
    rig.awaitOnLoop(
        "the end of one that does not read",
        () -> {
          for (int i = 0; i < 1000; i++) {
            worker.link().level(ServerLog.Level.INFO);
          }
          return news.contains("gone: killed by signal 9");
        });
  }

  @Test
  void shouldHearItsLastWordsBeforeItsEnd() {
    ControlChannel link = start();
    Reports.epoch(link, 1);
    Reports.ready(link, FakeWorkers.BUILD);
    awaitNews("ready");
    rig.onLoop(
        () -> {
          worker.link().sync(5);
          // Before the loop turns again: both are there when it looks.
          Reports.synced(link, 5);
          worker.destroy();
        });
    awaitNews("gone: killed by signal 9");
    assertThat(rig.onLoop(() -> List.copyOf(news)))
        .containsExactly("knows 1", "ready", "synced 5", "gone: killed by signal 9");
  }

  @Test
  void shouldShowOneLineWhenItSaysWhyItRefuses() {
    ControlChannel link = start();
    byte[] why = ("no\nroom" + "x".repeat(1000)).getBytes(StandardCharsets.UTF_8);
    Reports.refused(link, 1, why);
    rig.awaitOnLoop("the refusal", () -> !news.isEmpty());
    String said = rig.onLoop(() -> news.getFirst());
    assertThat(said).startsWith("refused 1: no?roomx").hasSize("refused 1: ".length() + 300);
  }

  @Test
  void shouldSayNothingToOneThatHasGone() {
    start();
    rig.onLoop(worker::destroy);
    awaitNews("gone: killed by signal 9");
    rig.onLoop(
        () -> {
          worker.link().level(ServerLog.Level.INFO);
          worker.link().classesChanged();
          worker.stop();
        });
    assertThat(rig.onLoop(worker::linked)).isFalse();
    assertThat(rig.onLoop(() -> worker.link().orphan(0))).isEqualTo(-1);
  }

  @Test
  void shouldNotServeAgainWhenItsReadyComesAfterItWasToldToStop() {
    ControlChannel link = start();
    rig.onLoop(worker::stop);
    Reports.epoch(link, 1);
    Reports.ready(link, FakeWorkers.BUILD);
    awaitNews("knows 1");
    rig.onLoop(worker::destroy);
    awaitNews("gone: killed by signal 9");
    assertThat(rig.onLoop(() -> news.contains("ready"))).isFalse();
    assertThat(orders(link)).endsWith(Order.STOP.code());
  }
}
