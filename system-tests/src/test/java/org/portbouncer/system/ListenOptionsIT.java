package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How listening sockets are made, and addresses that need their interface. */
class ListenOptionsIT {
  @TempDir private Path folder;

  private static String echo(Path door, String text) throws IOException {
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(door))) {
      client.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
      ByteBuffer answer = ByteBuffer.allocate(text.length());
      while (answer.hasRemaining() && client.read(answer) >= 0) {
        // The whole echo may take more than one read.
      }
      return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void shouldGiveSocketFilesTheirModeAndOwner() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root gives files away");
    Path door = folder.resolve("door");
    String body =
        """
        listeners { door { listen = "unix:%s", target = "internal:echo"
          mode = "0660", owner = nobody, group = daemon } }
        workers { io = 1 }
        """
            .formatted(door);
    try (BouncerServer server = BouncerServer.startAfter("umask 077", folder, body)) {
      assertThat(echo(door, "hello")).isEqualTo("hello");
      assertThat(Files.getAttribute(door, "unix:mode")).isEqualTo(0140660);
      assertThat(Files.getAttribute(door, "posix:owner")).hasToString("nobody");
      assertThat(Files.getAttribute(door, "posix:group")).hasToString("daemon");
      server.reloaded(body + "timeouts { idle = 1h }\n");
      assertThat(echo(door, "again")).isEqualTo("again");
      assertThat(Files.getAttribute(door, "unix:mode")).isEqualTo(0140660);
    }
    assertThat(door).doesNotExist();
  }

  @Test
  void shouldListenOnAnAddressThatIsNotThereYetAndOnLinkLocalOnes() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root has network namespaces");
    Path door = folder.resolve("door");
    Path later = folder.resolve("later");
    String body =
        """
        listeners {
          early { listen = "192.0.2.7:8080", free-bind = true, target = "internal:echo" }
          local { listen = "[fe80::7%%a0]:8081", target = "internal:echo" }
          door { listen = "unix:%s", target = "[fe80::7%%a0]:8081" }
          later { listen = "unix:%s", target = "192.0.2.7:8080" }
        }
        workers { io = 1 }
        """
            .formatted(door, later);
    List<String> command =
        List.of(
            "unshare",
            "--net",
            "sh",
            "-c",
            "ip link set lo up && ip link add a0 type veth peer name b0"
                + " && echo 0 > /proc/sys/net/ipv6/conf/a0/accept_dad"
                + " && ip link set a0 up && ip link set b0 up"
                + " && ip addr add fe80::7/64 dev a0 nodad && exec \"$@\"",
            "sh");
    try (BouncerServer server = BouncerServer.startBy(command, folder, body)) {
      assertThat(echo(door, "by its interface")).isEqualTo("by its interface");
      CommandResult add =
          CommandResult.run(
              null,
              List.of(
                  "nsenter",
                  "--net=/proc/" + server.pid() + "/ns/net",
                  "ip",
                  "addr",
                  "add",
                  "192.0.2.7/32",
                  "dev",
                  "lo"));
      assertThat(add.exit()).as(add.allText()).isZero();
      await("the address")
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(() -> assertThat(echo(later, "there now")).isEqualTo("there now"));
    }
  }

  @Test
  void shouldSayThatThereIsNoSuchInterface() throws Exception {
    Path file =
        BouncerServer.writeConfig(
            folder,
            "listeners { x { listen = \"[fe80::1%nope0]:8080\", target = \"internal:echo\" } }\n");
    CommandResult result = CommandResult.bouncer("start", "-c", file.toString());
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err())
        .last()
        .isEqualTo(
            "bouncer: cannot listen on [fe80::1%nope0]:8080: this machine has no such interface");
  }

  @Test
  void shouldJudgeHoursByWhatIsMountedOverTheZoneFile() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root has mount namespaces");
    Path zone = Path.of("/usr/share/zoneinfo/Asia/Tokyo");
    assumeTrue(Files.exists(zone), "no zone files here");
    Path file =
        BouncerServer.writeConfig(
            folder,
            """
            listeners { x { listen = "127.0.0.1:1", target = "internal:echo", acl = day } }
            acls { day = [ { name = night, action = pass, when = "09:00-10:00" } ] }
            """);
    String script =
        "mount --bind %s \"$(readlink -f /etc/localtime)\" && date +%%z && exec \"$@\""
            .formatted(zone);
    CommandResult result =
        CommandResult.run(
            folder,
            List.of(
                "env",
                "-u",
                "TZ",
                "unshare",
                "--mount",
                "sh",
                "-c",
                script,
                "sh",
                Checkout.command(),
                "acl",
                "test",
                file.toString(),
                "--listener",
                "x",
                "--from",
                "10.0.0.1",
                "--at",
                "2026-11-21T00:30Z"));
    assertThat(result.exit()).as(result.allText()).isZero();
    assertThat(result.out().getFirst()).as("date").isEqualTo("+0900");
    assertThat(result.outText())
        .contains("hours without a zone are in the system's, +09:00")
        .contains("pass: rule 'night'");
  }
}
