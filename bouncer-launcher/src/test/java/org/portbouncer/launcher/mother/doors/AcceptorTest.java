package org.portbouncer.launcher.mother.doors;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.hop.HopReceiver;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.SessionPool;
import org.portbouncer.launcher.mother.MotherRig;
import org.portbouncer.launcher.privilege.RunAs;

/** The acceptor over real sockets, with an inbox that the test reads. */
class AcceptorTest {

  private static final int RECORDS = 64;

  private static final String ONE =
      "listeners { web { listen = \"127.0.0.1:0\", target = \"127.0.0.1:9\" } }";

  private static final String OTHER =
      "listeners { two { listen = \"127.0.0.2:0\", target = \"127.0.0.1:9\" } }";

  @TempDir private Path folder;

  private final List<Socket> clients = new ArrayList<>();
  private final SessionPool pool = new SessionPool();
  private MotherRig rig;
  private Acceptor acceptor;
  private Listeners listeners;
  private int[] inbox;
  private HopReceiver reader;

  @BeforeEach
  void open() throws Exception {
    Configuration configuration = MotherRig.configuration(folder, ONE);
    rig = new MotherRig(configuration, RECORDS, 1);
    inbox = Sockets.pair(Const.SOCK_DGRAM);
    HopSender.makeRoom(inbox[0], rig.ground().states().inlineBytes());
    reader = new HopReceiver(inbox[1], null, pool);
    Epoch epoch = rig.epoch(configuration);
    rig.onLoop(
        () -> {
          acceptor = new Acceptor(rig.ground(), new AcceptPauses(), new int[] {inbox[0]});
          listeners = Listeners.open(configuration, List.of(), RunAs.UNCHANGED);
          acceptor.open(epoch, listeners);
          return null;
        });
    rig.atEndOfTurn(() -> acceptor.endOfTurn());
  }

  @AfterEach
  void close() throws Exception {
    for (Socket client : clients) {
      client.close();
    }
    rig.onLoop(acceptor::close);
    rig.onLoop(() -> listeners.entries().forEach(entry -> entry.socket().close()));
    rig.close();
    Libc.close(inbox[0]);
    Libc.close(inbox[1]);
  }

  private void connect() throws Exception {
    int port =
        rig.onLoop(() -> ListenSocket.written(listeners.entries().getFirst().socket().fd()).port());
    Socket client = new Socket();
    client.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), 30_000);
    clients.add(client);
  }

  /** Takes what has arrived; its descriptors are closed. */
  private int received() {
    int count = reader.receive();
    for (int i = 0; i < count; i++) {
      Session session = reader.take(i);
      int record = session.state().record();
      SessionTable table = rig.table();
      assertThat(table.arrive(session.state(), StageId.NEGOTIATE, 7, 0)).isNotNegative();
      pool.release(session);
      assertThat(table.claimEnd(record, table.generation(record), 7)).isTrue();
      table.free(record);
    }
    return Math.max(0, count);
  }

  private void awaitReceived(int wanted) {
    int[] got = {0};
    rig.awaitOnLoop(
        wanted + " sessions",
        () -> {
          got[0] += received();
          return got[0] >= wanted;
        });
    assertThat(got[0]).isEqualTo(wanted);
  }

  @Test
  void shouldHandEachClientToTheFirstStage() throws Exception {
    connect();
    connect();
    rig.awaitOnLoop("two sessions", () -> rig.ground().active() == 2);
    rig.awaitOnLoop("both on their way", () -> rig.table().phase(0) == SessionTable.Phase.QUEUED);
    assertThat(rig.table().stage(0)).isEqualTo(StageId.NEGOTIATE);
    assertThat(rig.onLoop(acceptor::allPassedOn)).isTrue();
    awaitReceived(2);
    assertThat(rig.ground().active()).isZero();
  }

  @Test
  void shouldLeaveClientsInTheQueueWhenNoRecordIsFree() throws Exception {
    List<Integer> taken = new ArrayList<>();
    rig.onLoop(
        () -> {
          for (int i = 0; i < RECORDS; i++) {
            taken.add(rig.ground().records().allocate());
          }
        });
    connect();
    rig.awaitOnLoop("a pause", () -> acceptor.standstill(0).contains("the session table is full"));
    assertThat(rig.ground().active()).isEqualTo(RECORDS);
    rig.onLoop(() -> taken.forEach(rig.table()::abandon));
    awaitReceived(1);
    rig.awaitOnLoop("the end of the pause", () -> acceptor.standstill(0).isEmpty());
  }

  @Test
  void shouldLoseNobodyWhenTheFirstStageDoesNotRead() throws Exception {
    for (int i = 0; i < RECORDS - 4; i++) {
      connect();
    }
    awaitReceived(RECORDS - 4);
  }

  @Test
  void shouldTakeWhoHadComeBeforeItsAddressWentAway() throws Exception {
    Listeners old = listeners;
    connect();
    rig.awaitOnLoop("the first", () -> rig.ground().active() == 1);
    Configuration next = MotherRig.configuration(folder, OTHER);
    Epoch epoch = rig.epoch(next);
    connect();
    rig.onLoop(
        () -> {
          Listeners newer = old.reopen(next, acceptor.leaving());
          acceptor.serve(epoch, newer);
          listeners = newer;
          return null;
        });
    awaitReceived(2);
    rig.awaitOnLoop("the old socket to be closed", () -> acceptor.leaving().isEmpty());
  }

  @Test
  void shouldTakeNobodyWhenItIsClosed() throws Exception {
    rig.onLoop(acceptor::close);
    connect();
    rig.onLoop(() -> {});
    assertThat(rig.onLoop(acceptor::mayAccept)).isFalse();
    assertThat(rig.ground().active()).isZero();
  }
}
