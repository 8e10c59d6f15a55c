package org.portbouncer.launcher.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.launcher.privilege.RunAs;

@Timeout(30)
class AdminServerTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final FakeOperations operations = new FakeOperations();

  @TempDir private Path folder;

  private Path socket;
  private AdminServer server;

  @BeforeEach
  void chooseSocket() {
    socket = folder.resolve("run/admin.sock");
  }

  @AfterEach
  void close() throws IOException {
    if (server != null) {
      server.close();
    }
  }

  private void open() throws IOException {
    server = AdminServer.open(socket, 0600, RunAs.UNCHANGED, operations);
  }

  private void open(AdminServer.Bounds bounds, Predicate<Peer> mayUse) throws IOException {
    server = AdminServer.open(socket, 0600, RunAs.UNCHANGED, operations, bounds, mayUse);
  }

  /** A peer that need not speak the protocol. */
  private static final class RawPeer implements AutoCloseable {
    private final SocketChannel channel;
    private final LineReader reader;

    RawPeer(Path socket) throws IOException {
      channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
      reader = new LineReader(channel, 1 << 20);
    }

    void send(byte[] bytes) throws IOException {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    }

    void send(String text) throws IOException {
      send(text.getBytes(StandardCharsets.UTF_8));
    }

    String answer() throws IOException {
      return reader.next();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  @Test
  void shouldAnswerWordsAndJsonOnOneConnection() throws Exception {
    open();
    try (RawPeer peer = new RawPeer(socket)) {
      peer.send("status\n{\"command\":\"kill\",\"ids\":[17]}\nsessions --listener mail\n");
      assertThat(peer.answer()).isEqualTo(Answers.status(new FakeOperations().figures()));
      assertThat(peer.answer()).isEqualTo("{\"killed\":1}");
      assertThat(peer.answer()).startsWith("[{\"id\":19,").endsWith("]");
    }
  }

  @Test
  void shouldKillByNetwork() throws Exception {
    open();
    try (AdminClient client = AdminClient.connect(socket, PATIENCE)) {
      assertThat(client.ask(Requests.killFrom("10.0.0.0/8"))).isEqualTo("{\"killed\":1}");
      assertThat(client.ask(Requests.killFrom("10.0.0.0/8"))).isEqualTo("{\"killed\":0}");
      assertThat(client.ask(Requests.sessions(null, "2001:db8::/32"))).startsWith("[{\"id\":18,");
    }
  }

  @Test
  void shouldAnswerStopBeforeItStops() throws Exception {
    open();
    try (AdminClient client = AdminClient.connect(socket, PATIENCE)) {
      assertThat(client.ask(Requests.stop(true)))
          .contains(
              "\"stopping\":true", "\"active\":3", "\"pid\":" + ProcessHandle.current().pid());
    }
    assertThat(operations.stopped.get(5, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void shouldStopEvenWhenTheOneWhoAskedHasGone() throws Exception {
    open();
    try (RawPeer peer = new RawPeer(socket)) {
      peer.send("stop\n");
    }
    assertThat(operations.stopped.get(5, TimeUnit.SECONDS)).isFalse();
  }

  @Test
  void shouldAnswerAnErrorAndGoOnWhenARequestIsBadOrFails() throws Exception {
    open();
    try (RawPeer peer = new RawPeer(socket)) {
      peer.send("dance\n");
      assertThat(peer.answer())
          .startsWith("{\"error\":\"unknown command \\\"dance\\\"")
          .endsWith(",\"code\":2}");
      peer.send("kill 666\n");
      assertThat(peer.answer()).contains("broken on purpose").endsWith(",\"code\":1}");
      peer.send("kill 17\n");
      assertThat(peer.answer()).isEqualTo("{\"killed\":1}");
    }
  }

  @Test
  void shouldSurviveGarbage() throws Exception {
    open();
    Random random = new Random(42);
    for (int i = 0; i < 50; i++) {
      byte[] bytes = new byte[random.nextInt(2000) + 1];
      random.nextBytes(bytes);
      bytes[bytes.length - 1] = '\n';
      try (RawPeer peer = new RawPeer(socket)) {
        peer.send(bytes);
        assertThat(peer.answer()).startsWith("{\"error\":");
      }
    }
    try (AdminClient client = AdminClient.connect(socket, PATIENCE)) {
      assertThat(client.ask("status")).startsWith("{\"version\"");
    }
  }

  @Test
  void shouldRefuseALineThatIsTooLong() throws Exception {
    open();
    try (RawPeer peer = new RawPeer(socket)) {
      peer.send("kill" + " 17".repeat(21_843) + "\n"); // 65,533 bytes
      assertThat(peer.answer()).isEqualTo("{\"killed\":1}");
      peer.send("x".repeat(Wire.MAX_REQUEST_BYTES + 1));
      assertThat(peer.answer()).contains("65536 bytes at most");
      assertThat(peer.answer()).isNull();
    }
  }

  @Test
  void shouldCloseAPeerThatSaysNothing() throws Exception {
    open(new AdminServer.Bounds(Duration.ofMillis(100), 32), peer -> true);
    try (RawPeer peer = new RawPeer(socket)) {
      peer.send("stat");
      assertThat(peer.answer()).isNull();
    }
  }

  @Test
  void shouldTurnAwayWhoeverHasBeenSilentForLongestWhenThereAreTooMany() throws Exception {
    open(new AdminServer.Bounds(PATIENCE, 3), peer -> true);
    List<RawPeer> peers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      RawPeer peer = new RawPeer(socket);
      peers.add(peer);
      peer.send("kill 1\n");
      assertThat(peer.answer()).isEqualTo("{\"killed\":0}");
    }
    peers.getFirst().send("kill 1\n");
    assertThat(peers.getFirst().answer()).isEqualTo("{\"killed\":0}");
    try (RawPeer extra = new RawPeer(socket)) {
      extra.send("kill 1\n");
      assertThat(extra.answer()).isEqualTo("{\"killed\":0}");
      assertThat(peers.get(1).answer()).isNull();
      for (RawPeer stays : List.of(peers.getFirst(), peers.getLast())) {
        stays.send("kill 1\n");
        assertThat(stays.answer()).isEqualTo("{\"killed\":0}");
      }
    }
    for (RawPeer peer : peers) {
      peer.close();
    }
  }

  @Test
  void shouldRefusePeersByTheirCredentials() throws Exception {
    List<Peer> seen = new ArrayList<>();
    open(
        AdminServer.Bounds.DEFAULT,
        peer -> {
          seen.add(peer);
          return false;
        });
    try (RawPeer peer = new RawPeer(socket)) {
      assertThat(peer.answer()).contains("permission denied").endsWith(",\"code\":1}");
      assertThat(peer.answer()).isNull();
    }
    assertThat(seen).hasSize(1);
    Peer self = seen.getFirst();
    assertThat(self.uid()).isEqualTo(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    assertThat(self.gid()).isEqualTo(Files.getAttribute(Path.of("/proc/self"), "unix:gid"));
    assertThat(self.pid()).isEqualTo((int) ProcessHandle.current().pid());
    assertThat(self.groups()).containsExactlyInAnyOrder(ownGroups());
    try (AdminClient client = AdminClient.connect(socket, PATIENCE)) {
      Thread.sleep(50); // the refusal is there and the connection closed before anything is asked
      assertThat(client.ask("status")).contains("permission denied");
    }
  }

  private static int[] ownGroups() throws IOException {
    String groups =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(line -> line.startsWith("Groups:"))
            .findFirst()
            .orElseThrow();
    return Arrays.stream(groups.split("\\s+", -1))
        .skip(1)
        .filter(word -> !word.isEmpty())
        .mapToInt(Integer::parseInt)
        .toArray();
  }

  @Test
  void shouldLetInRootItselfAndTheGroupThatMayWrite() throws Exception {
    int own = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    Files.createDirectory(socket.getParent());
    Files.createFile(socket);
    int group = (Integer) Files.getAttribute(socket, "unix:gid");
    PeerCheck check = new PeerCheck(socket);
    for (String mode : List.of("rw-------", "rw-rw----", "rw-rw-rw-", "rw-r--rw-")) {
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString(mode));
      boolean forGroup = mode.charAt(4) == 'w';
      assertThat(check.test(peer(0, group + 1))).isTrue();
      assertThat(check.test(peer(own, group + 1))).isTrue();
      assertThat(check.test(peer(own + 1, group))).as(mode).isEqualTo(forGroup);
      assertThat(check.test(peer(own + 1, group + 1, 7, group))).as(mode).isEqualTo(forGroup);
      assertThat(check.test(peer(own + 1, group + 1, 7))).as(mode).isFalse();
    }
    Files.delete(socket);
    assertThat(check.test(peer(own + 1, group))).isFalse();
  }

  private static Peer peer(int uid, int gid, int... groups) {
    return new Peer(uid, gid, groups, 1);
  }

  @Test
  void shouldMakeTheFolderPrivateAndGiveTheFileItsMode() throws Exception {
    server = AdminServer.open(socket, 0640, RunAs.UNCHANGED, operations);
    assertThat(mode(socket.getParent())).isEqualTo("rwx------");
    assertThat(mode(socket)).isEqualTo("rw-r-----");
    assertThat(entries(socket.getParent())).containsExactly(socket);
  }

  @Test
  void shouldReplaceASocketThatNobodyAnswersAt() throws Exception {
    Files.createDirectory(socket.getParent());
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(socket));
    }
    assertThat(socket).exists();
    open();
    try (AdminClient client = AdminClient.connect(socket, PATIENCE)) {
      assertThat(client.ask("status")).startsWith("{\"version\"");
    }
  }

  @Test
  void shouldRefuseToReplaceASocketThatSomebodyAnswersAt() throws Exception {
    open();
    assertThatThrownBy(() -> AdminServer.open(socket, 0600, RunAs.UNCHANGED, operations))
        .isInstanceOf(IOException.class)
        .hasMessage("another bouncer answers at " + socket);
    try (AdminClient client = AdminClient.connect(socket, PATIENCE)) {
      assertThat(client.ask("status")).startsWith("{\"version\"");
    }
  }

  @Test
  void shouldNotReplaceAFileThatIsNoSocket() throws Exception {
    Files.createDirectory(socket.getParent());
    Files.writeString(socket, "precious");
    assertThatThrownBy(this::open).hasMessageContaining("not a socket");
    assertThat(socket).hasContent("precious");
  }

  @Test
  void shouldMakeOneFolderOnly() {
    socket = folder.resolve("a/b/admin.sock");
    assertThatThrownBy(this::open)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the folder " + folder.resolve("a") + " does not exist");
  }

  @Test
  void shouldRefuseAPathThatDoesNotFit() {
    socket = folder.resolve("x".repeat(100));
    assertThatThrownBy(this::open).hasMessageContaining("too long");
    assertThatThrownBy(() -> AdminClient.connect(socket, PATIENCE))
        .isInstanceOf(AdminClient.NoServerException.class);
  }

  @Test
  void shouldRemoveTheFileAndEndConnectionsWhenClosed() throws Exception {
    open();
    try (AdminClient client = AdminClient.connect(socket, PATIENCE)) {
      assertThat(client.ask("kill 1")).isEqualTo("{\"killed\":0}");
      server.close();
      assertThat(socket).doesNotExist();
      assertThatThrownBy(() -> client.ask("status"))
          .isInstanceOf(AdminClient.ClosedException.class);
    }
    assertThatThrownBy(() -> AdminClient.connect(socket, PATIENCE))
        .isInstanceOf(AdminClient.NoServerException.class)
        .hasMessageContaining(socket.toString());
    server.close();
  }

  @Test
  void shouldLeaveTheFileOfASuccessorAlone() throws Exception {
    open();
    Files.delete(socket);
    try (AdminServer successor = AdminServer.open(socket, 0600, RunAs.UNCHANGED, operations)) {
      server.close();
      assertThat(socket).exists();
      assertThat(successor).isNotNull();
    }
    assertThat(socket).doesNotExist();
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static List<Path> entries(Path path) throws IOException {
    try (Stream<Path> entries = Files.list(path)) {
      return entries.toList();
    }
  }
}
