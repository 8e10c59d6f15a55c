package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.portbouncer.system.Received.Ending;

/**
 * All processes of the server stand still for longer than any time limit, as on a machine that is
 * suspended or in a group that is frozen, and what sessions wait for comes meanwhile.
 */
@Isolated
class StandstillIT {
  private static final int IDLE = Ports.free();
  private static final int HALF_CLOSED = Ports.free();
  private static final int CONNECT = Ports.free();
  private static final int NEGOTIATE = Ports.free();

  /** Beyond every limit below, and less than silence that is held against a worker. */
  private static final long STANDSTILL_MILLIS = 3_500;

  /** More than a loop is told of at once. */
  private static final int MANY = 300;

  private static Target echo;
  private static Target halfClosed;
  private static HangingTarget hanging;
  private static BouncerServer server;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    echo = Target.start(Handler.echo());
    halfClosed = Target.start(Handler.echo());
    hanging = new HangingTarget();
    server =
        BouncerServer.start(
            folder,
            """
            listeners {
              idle { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", timeouts { idle = 2s } }
              half { listen = "127.0.0.1:%d", target = "127.0.0.1:%d",
                timeouts { half-closed = 2s } }
              connect { listen = "127.0.0.1:%d", target = "127.0.0.1:%d",
                timeouts { connect = 2s } }
              negotiate { listen = "127.0.0.1:%d", target = "127.0.0.1:%d",
                timeouts { negotiate = 2s } }
            }
            workers { io = 1 }
            """
                .formatted(
                    IDLE,
                    echo.port(),
                    HALF_CLOSED,
                    halfClosed.port(),
                    CONNECT,
                    hanging.port(),
                    NEGOTIATE,
                    echo.port()));
    WarmUp.sessions(IDLE);
    server.rememberDescriptors();
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server, echo, halfClosed, hanging);
  }

  @AfterEach
  void nothingIsLeft() {
    server.assertNothingLeaked();
  }

  private interface Meanwhile {
    void happens() throws Exception;
  }

  /** Everything stands still, then goes on. No worker may be the worse for it. */
  private static void standStill(Meanwhile meanwhile) throws Exception {
    standStill(server.processes(), meanwhile);
  }

  private static void standStill(List<Long> processes, Meanwhile meanwhile) throws Exception {
    long[] all = processes.stream().mapToLong(Long::longValue).toArray();
    Signals.send("STOP", all);
    try {
      meanwhile.happens();
      Pause.millis(STANDSTILL_MILLIS);
    } finally {
      Signals.send("CONT", all);
    }
  }

  /** In a group of the kernel's, as a container that is paused. */
  private static void freeze(ControlGroup group, List<Long> processes, Meanwhile meanwhile)
      throws Exception {
    try {
      for (long pid : processes) {
        group.take(pid);
      }
      group.freeze(true);
      meanwhile.happens();
      Pause.millis(STANDSTILL_MILLIS);
    } finally {
      group.freeze(false);
      for (long pid : processes) {
        group.release(pid);
      }
    }
  }

  /** Sessions that are sent something while nothing moves still have it echoed. */
  private static void keepsSessions(int port, int many, Standstill standstill) throws Exception {
    List<Client> clients = new ArrayList<>();
    try {
      for (int i = 0; i < many; i++) {
        clients.add(Client.to(port));
      }
      for (Client client : clients) {
        client.echo("before");
      }
      standstill.with(
          () -> {
            for (Client client : clients) {
              client.send("meanwhile");
            }
          });
      for (Client client : clients) {
        assertThat(client.receiveText(9)).isEqualTo("meanwhile");
      }
    } finally {
      Closing.all(clients.toArray(AutoCloseable[]::new));
    }
  }

  private interface Standstill {
    void with(Meanwhile meanwhile) throws Exception;
  }

  @Test
  void shouldKeepIdleSessionsWhenTheirBytesCameWhileAllStoodStill() throws Exception {
    keepsSessions(IDLE, MANY, StandstillIT::standStill);
    assertThat(server.processes()).allMatch(ProcessTree::isAlive);
    try (Client last = Client.to(IDLE)) {
      last.echo("and then silence");
      assertThat(last.receiveAll().bytes()).as("bytes before the limit ends it").isZero();
      assertThat(server.awaitEndOf(last.address()).result()).isEqualTo("timeout");
    }
  }

  @Test
  void shouldSeeHaproxyKeepThemToo(@TempDir Path folder) throws Exception {
    try (Haproxy haproxy = Haproxy.before(echo.port(), folder, 2)) {
      List<Long> all = List.of(haproxy.process().pid());
      keepsSessions(haproxy.port(), MANY, meanwhile -> standStill(all, meanwhile));
    }
  }

  @Test
  void shouldKeepSessionsWhenTheGroupOfItsProcessesIsFrozen() throws Exception {
    try (ControlGroup group = ControlGroup.make("freezer")) {
      keepsSessions(IDLE, MANY, meanwhile -> freeze(group, server.processes(), meanwhile));
      assertThat(server.processes()).allMatch(ProcessTree::isAlive);
    }
  }

  @Test
  void shouldGoOnWithAWorkerThatAloneWasFrozen() throws Exception {
    try (ControlGroup group = ControlGroup.make("freezer")) {
      long io = server.workers("io").getFirst();
      keepsSessions(IDLE, 1, meanwhile -> freeze(group, List.of(io), meanwhile));
      assertThat(server.workers("io")).containsExactly(io);
    }
  }

  @Test
  void shouldKeepAHalfClosedSessionWhenTheAnswerCameWhileAllStoodStill() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch mayAnswer = new CountDownLatch(1);
    halfClosed.serve(
        connection -> {
          byte[] request = connection.in().readAllBytes();
          asked.countDown();
          mayAnswer.await();
          connection.send(request);
        });
    try (Client client = Client.to(HALF_CLOSED)) {
      client.send("request");
      client.finish();
      asked.await();
      standStill(mayAnswer::countDown);
      assertThat(client.receiveText(7)).isEqualTo("request");
      assertThat(client.receiveAll().ending()).isEqualTo(Ending.EOF);
      assertThat(server.awaitEndOf(client.address()).result()).isEqualTo("ok");
    } finally {
      mayAnswer.countDown();
    }
  }

  @Test
  void shouldConnectWhenTheTargetAnsweredWhileAllStoodStill() throws Exception {
    try (Client client = Client.to(CONNECT)) {
      client.send("patience");
      server.awaitSession(client.address());
      await("the session in connect").until(() -> held("connect"), sessions -> sessions == 1);
      standStill(hanging::answer);
      assertThat(client.receiveText(8)).isEqualTo("patience");
    }
  }

  @Test
  void shouldPassASessionOnWhenItWaitedInAnInboxWhileAllStoodStill() throws Exception {
    long negotiate = server.workers("negotiate").getFirst();
    Signals.send("STOP", negotiate);
    try (Client client = Client.to(NEGOTIATE)) {
      client.send("in the inbox");
      server.awaitSession(client.address());
      standStill(() -> {});
      assertThat(client.receiveText(12)).isEqualTo("in the inbox");
    } finally {
      Signals.send("CONT", negotiate);
    }
  }

  private static int held(String stage) throws Exception {
    return BouncerServer.elements(server.status().path("workers"))
        .filter(worker -> worker.path("stage").asText().equals(stage))
        .mapToInt(worker -> worker.path("sessions").asInt())
        .sum();
  }
}
