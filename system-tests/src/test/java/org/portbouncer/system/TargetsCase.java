package org.portbouncer.system;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests of groups of targets: three of them, and a listener that leads to those. */
abstract class TargetsCase {

  final int port = Ports.free();

  @TempDir Path folder;

  Target a;
  Target b;
  Target c;

  @BeforeEach
  void targets() throws IOException {
    a = says("a");
    b = says("b");
    c = says("c");
  }

  @AfterEach
  void close() throws Exception {
    Closing.all(a, b, c);
  }

  /** A server that says its name first, and then whatever it hears. */
  Target says(String name) throws IOException {
    return Target.start(
        connection -> {
          connection.send(name);
          Handler.echo().handle(connection);
        });
  }

  String member(String name, int port, String more) {
    return "{ name = %s, address = \"127.0.0.1:%d\"%s }".formatted(name, port, more);
  }

  String group(String settings, String... members) {
    return """
    listeners.web { listen = "127.0.0.1:%d", target = "group:app", acl = all }
    acls.all = [ { action = pass } ]
    targets.app { members = [ %s ], %s }
    """
        .formatted(port, String.join(", ", members), settings);
  }

  String abc(int index) {
    return switch (index) {
      case 0 -> member("a", a.port(), "");
      case 1 -> member("b", b.port(), "");
      default -> member("c", c.port(), "");
    };
  }

  /** Who answers a session from this address. */
  String served(String from) throws IOException {
    try (Client client = Client.from(from, port)) {
      String who = client.receiveText(1);
      leave(client);
      return who;
    }
  }

  void leave(Client client) throws IOException {
    client.finish();
    client.receiveAll();
  }

  Map<String, Integer> servedBy(int sessions) throws IOException {
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < sessions; i++) {
      counts.merge(served("127.0.0.1"), 1, Integer::sum);
    }
    return counts;
  }

  /** The lines of all sessions that have ended, once there are so many. */
  List<AccessLine> ends(BouncerServer server, int sessions) {
    await("lines of sessions that have ended")
        .atMost(Patience.seconds(20))
        .until(() -> server.accessLines(AccessLine::isEnd).size() >= sessions);
    return server.accessLines(AccessLine::isEnd);
  }
}
