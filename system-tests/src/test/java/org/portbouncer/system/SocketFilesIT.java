package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What lies at the path of a socket before the server comes, and after it has gone. */
@Isolated
class SocketFilesIT {

  /** What is none of the server's to remove. */
  enum Thing {
    FILE,
    FOLDER,
    LINK_TO_FILE,
    LINK_TO_NOTHING,
    LINK_TO_DEAD_SOCKET,
    PIPE;

    void make(Path path) throws Exception {
      Path other = path.resolveSibling("other");
      switch (this) {
        case FILE -> Files.writeString(path, "precious");
        case FOLDER -> Files.createDirectory(path);
        case LINK_TO_FILE -> Files.createSymbolicLink(path, Files.writeString(other, "precious"));
        case LINK_TO_NOTHING -> Files.createSymbolicLink(path, other);
        case LINK_TO_DEAD_SOCKET -> {
          deadSocket(other);
          Files.createSymbolicLink(path, other);
        }
        case PIPE -> CommandResult.run(null, List.of("mkfifo", path.toString()));
      }
    }
  }

  @TempDir private Path folder;

  private Path door() {
    return folder.resolve("door.sock");
  }

  private String config(String... more) {
    return "listeners { door { listen = \"unix:%s\", target = \"internal:echo\" } }\n%s\n"
        .formatted(door(), String.join("\n", more));
  }

  /** A socket file as a server leaves it that is killed. */
  private static void deadSocket(Path path) throws IOException {
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(UnixDomainSocketAddress.of(path));
    }
  }

  private static void echo(Path path) throws IOException {
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      channel.write(ByteBuffer.wrap(new byte[] {7}));
      ByteBuffer answer = ByteBuffer.allocate(1);
      assertThat(channel.read(answer)).isEqualTo(1);
      assertThat(answer.get(0)).isEqualTo((byte) 7);
    }
  }

  /** What a folder holds: each name with its inode, so that nothing can be replaced unseen. */
  private static List<String> content(Path folder) throws IOException {
    List<String> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        Object inode = Files.getAttribute(file, "unix:ino", LinkOption.NOFOLLOW_LINKS);
        all.add(file.getFileName() + " " + inode);
      }
    }
    return all;
  }

  @ParameterizedTest
  @EnumSource(Thing.class)
  void shouldRefuseToStartAndLeaveWhatIsNoSocketWhereAListenerIsToBe(Thing thing) throws Exception {
    Path config = BouncerServer.writeConfig(folder, config());
    thing.make(door());
    List<String> before = content(folder);
    CommandResult result = CommandResult.bouncer("start", "-c", config.toString());
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
    assertThat(result.err()).hasSize(1);
    assertThat(result.err().getFirst()).contains("unix:" + door()).contains("not a socket");
    assertThat(content(folder)).isEqualTo(before);
    assertThat(result.leftBehind()).isEmpty();
  }

  @Test
  void shouldRefuseAReloadAndLeaveWhatIsNoSocketWhereAListenerIsToBe() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config())) {
      Path next = folder.resolve("next.sock");
      Files.createDirectory(next);
      JsonNode answer =
          server.reload(
              "listeners { next { listen = \"unix:%s\", target = \"internal:echo\" } }"
                  .formatted(next));
      assertThat(answer.path("error").asText()).contains("not a socket");
      assertThat(next).isDirectory();
      echo(door());
    }
  }

  @Test
  void shouldReplaceADeadSocketAndRemoveItsOwnAtTheEnd() throws Exception {
    deadSocket(door());
    try (BouncerServer server = BouncerServer.start(folder, config())) {
      assertThat(server.isRunning()).isTrue();
      echo(door());
    }
    assertThat(door()).doesNotExist();
  }

  @Test
  void shouldRefuseToStartWhereAnotherListens() throws Exception {
    Path config = BouncerServer.writeConfig(folder, config());
    try (UnixEcho other = new UnixEcho(door())) {
      CommandResult result = CommandResult.bouncer("start", "-c", config.toString());
      assertThat(result.exit()).as(result.allText()).isEqualTo(1);
      assertThat(result.err().getFirst()).contains("address already in use");
      echo(door());
      assertThat(other).isNotNull();
    }
  }

  @ParameterizedTest
  @EnumSource(Thing.class)
  void shouldLeaveAtTheEndWhatHasComeInPlaceOfItsSockets(Thing thing) throws Exception {
    List<String> before;
    Path admin;
    try (BouncerServer server = BouncerServer.start(folder, config())) {
      admin = server.socket();
      echo(door());
      Files.delete(door());
      thing.make(door());
      before = content(folder);
    }
    before.removeIf(file -> file.startsWith(admin.getFileName().toString()));
    assertThat(content(folder)).isEqualTo(before);
  }

  @Test
  void shouldLeaveAtTheEndAnotherServersSocket() throws Exception {
    UnixEcho other;
    try (BouncerServer server = BouncerServer.start(folder, config())) {
      assertThat(server.isRunning()).isTrue();
      Files.delete(door());
      other = new UnixEcho(door());
    }
    try (other) {
      echo(door());
    }
  }

  @ParameterizedTest
  @EnumSource(Thing.class)
  void shouldRefuseToStartAndLeaveWhatIsNoSocketWhereTheAdminSocketIsToBe(Thing thing)
      throws Exception {
    Path config = BouncerServer.writeConfig(folder, config());
    thing.make(folder.resolve("admin.sock"));
    List<String> before = content(folder);
    CommandResult result = CommandResult.bouncer("start", "-c", config.toString());
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
    assertThat(result.err().getLast()).contains("not a socket");
    assertThat(content(folder)).isEqualTo(before);
  }

  @Test
  void shouldGiveWayToTheNextServerWhileItDrains() throws Exception {
    int port = Ports.free();
    String body =
        "listeners { echo { listen = \"127.0.0.1:%d\", target = \"internal:echo\" } }\n"
                .formatted(port)
            + "timeouts { drain = 60s }\n";
    try (BouncerServer first = BouncerServer.start(folder, body);
        Client staying = Client.to(port)) {
      staying.echo("before");
      first.signal("TERM");
      await("the drain").until(() -> !first.status().path("ready").asBoolean());
      try (BouncerServer second = BouncerServer.start(folder, body);
          Client fresh = Client.to(port)) {
        fresh.echo("served by the next");
        staying.echo("while it drains");
        staying.finish();
        staying.receiveAll();
        await("the end of the first").atMost(Patience.seconds(20)).until(() -> !first.isRunning());
        assertThat(second.status().path("pid").asLong()).isEqualTo(second.pid());
        fresh.echo("still");
      }
    }
  }

  // Who may have made the folder.

  @Test
  void shouldNeitherStartNorAskInAFolderThatAnotherUserHasMade() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root can become two users");
    Accounts.assumeReachable(Accounts.USER);
    Path stage = Path.of("/tmp/bouncer-" + Accounts.uid(Accounts.USER));
    assumeTrue(!Files.exists(stage, LinkOption.NOFOLLOW_LINKS), stage + " is in use");
    Files.createDirectory(stage);
    try {
      Accounts.give(stage, Accounts.OTHER);
      Path config = folder.resolve("default.conf");
      Files.writeString(
          config,
          "bouncer { listeners { a { listen = \"127.0.0.1:0\", target = \"internal:echo\" } } }");
      Accounts.open(folder);
      try (UnixEcho impostor = new UnixEcho(stage.resolve("admin.sock"))) {
        assertThat(impostor).isNotNull();
        for (List<String> words :
            List.of(
                List.of("start", "-c", config.toString()),
                List.of("stop", "-c", config.toString()),
                List.of("stop"),
                List.of("status"))) {
          List<String> command = new ArrayList<>();
          command.addAll(List.of("env", "-u", "XDG_RUNTIME_DIR", Checkout.command()));
          command.addAll(words);
          CommandResult result =
              CommandResult.run(folder, Accounts.as(Accounts.USER, command.toArray(String[]::new)));
          assertThat(result.exit()).as("%s", result).isIn(1, 3);
          assertThat(result.err().getLast())
              .contains(stage + " belongs to another user (uid " + Accounts.uid(Accounts.OTHER));
          assertThat(result.outText()).isEmpty();
          assertThat(result.leftBehind()).isEmpty();
        }
      }
    } finally {
      Files.deleteIfExists(stage.resolve("admin.sock"));
      Files.delete(stage);
    }
  }

  @Test
  void shouldLetTheServersUserInHoweverManySitThereSilent() throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, config())) {
      List<SocketChannel> silent = new ArrayList<>();
      try {
        for (int i = 0; i < 100; i++) {
          silent.add(SocketChannel.open(UnixDomainSocketAddress.of(server.socket())));
        }
        assertThat(server.status().path("pid").asLong()).isEqualTo(server.pid());
        assertThat(server.command("status").exit()).isZero();
      } finally {
        Closing.all(silent.toArray(AutoCloseable[]::new));
      }
    }
  }
}
