package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Servers that share a limit of sessions by a Redis, and clients of theirs that stay. */
final class ClusterTrial implements AutoCloseable {

  static final String TOKEN = "swordfish";

  private final Path folder;
  private final int limit;
  private final String ofRule;
  private final Target target;
  private final List<Client> open = new ArrayList<>();
  private final List<BouncerServer> servers = new ArrayList<>();

  ClusterTrial(Path folder, int limit) throws IOException {
    this(folder, limit, "");
  }

  /**
   * @param ofRule more keys of the rule that has the limit
   */
  ClusterTrial(Path folder, int limit, String ofRule) throws IOException {
    this.folder = folder;
    this.limit = limit;
    this.ofRule = ofRule;
    this.target = Target.start(Handler.echo());
    Files.writeString(folder.resolve("token"), TOKEN + "\n");
    Files.setPosixFilePermissions(
        folder.resolve("token"), PosixFilePermissions.fromString("rw-------"));
  }

  /**
   * Starts one.
   *
   * @param redis its URL
   * @param more lines of the block `cluster`
   * @param others lines beside it
   */
  BouncerServer start(int port, String redis, String more, String others) throws IOException {
    Path own = Files.createDirectory(folder.resolve("server-" + port));
    BouncerServer server =
        BouncerServer.start(
            own,
            """
            listeners { echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = all } }
            acls.all = [ { name = one, action = pass, max-sessions = %d, shared = cluster %s } ]
            cluster {
              redis = "%s", name = edge
              token = "file:%s"
              %s
            }
            workers { io = 1 }
            timeouts { drain = 1s }
            %s
            """
                .formatted(
                    port,
                    target.port(),
                    limit,
                    ofRule,
                    redis,
                    folder.resolve("token"),
                    more,
                    others));
    servers.add(server);
    return server;
  }

  static JsonNode cluster(BouncerServer server) throws IOException {
    return AdminClient.ask(server.socket(), "{\"command\":\"cluster\"}");
  }

  static void awaitState(BouncerServer server, String state) {
    await("cluster: " + state)
        .atMost(Patience.seconds(30))
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(
            () ->
                assertThat(cluster(server).path("state").asText())
                    .as("%s", cluster(server))
                    .isEqualTo(state));
  }

  /** Until what keeps it from Redis, as `bouncer cluster` says it, has these words. */
  static void awaitTrouble(BouncerServer server, String words) {
    await("trouble: " + words)
        .atMost(Patience.seconds(30))
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(
            () -> {
              JsonNode now = cluster(server);
              assertThat(now.path("state").asText()).as("%s", now).isEqualTo("away");
              assertThat(now.path("last_trouble").asText()).contains(words);
            });
  }

  /** Opens a session, if it may pass. */
  boolean opens(int port) throws IOException {
    Client client = Client.to(port);
    try {
      client.echo("x");
      open.add(client);
      return true;
    } catch (EOFException | SocketException e) {
      client.close();
      return false;
    }
  }

  /** Tries until so many sessions are live. */
  void awaitOpen(int port, int sessions) {
    await(sessions + " sessions")
        .atMost(Patience.seconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> {
              while (open.size() < sessions && opens(port)) {
                // As long as it lets one in.
              }
              return open.size() == sessions;
            });
  }

  /** All of them go on. */
  void assertLive(String text) throws IOException {
    for (Client client : open) {
      client.echo(text);
    }
  }

  /** Closes its clients, whatever has become of their sessions. */
  void forget() throws IOException {
    for (Client client : open) {
      client.close();
    }
    open.clear();
  }

  /** Closes its clients, and waits until no server has a session. */
  void closeAll() throws IOException {
    forget();
    for (BouncerServer server : servers) {
      if (server.isRunning()) {
        server.awaitNoSession();
      }
    }
  }

  @Override
  public void close() throws IOException {
    forget();
    for (BouncerServer server : servers) {
      server.close();
    }
    target.close();
  }
}
