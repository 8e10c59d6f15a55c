package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;

/** A bouncer in front of a chain of proxies, and a target behind it that speaks first. */
final class ChainTrial {
  static final int PORT = Ports.free();

  private final Path folder;
  private final Target target;
  private final Programs programs;
  private final Proxies proxies;

  ChainTrial(Path folder) throws IOException {
    this.folder = folder;
    this.target = Target.start(Handler.banner("hello "));
    this.programs = new Programs(folder);
    this.proxies = new Proxies(programs);
  }

  Target target() {
    return target;
  }

  Programs programs() {
    return programs;
  }

  Proxies proxies() {
    return proxies;
  }

  void stop() throws Exception {
    programs.stop();
    target.close();
  }

  static String hop(String type, int port, String... more) {
    return "{ type = %s, proxy = \"127.0.0.1:%d\" %s }"
        .formatted(type, port, more.length == 0 ? "" : ", " + String.join(", ", more));
  }

  static String configuration(String to, String... hops) {
    return """
    listeners.web { listen = "127.0.0.1:%d", target = "%s", acl = all, via = out,
                    timeouts { idle = 60s } }
    acls.all = [ { action = pass } ]
    chains.out = [ %s ]
    """
        .formatted(PORT, to, String.join(", ", hops));
  }

  String there() {
    return "127.0.0.1:" + target.port();
  }

  /** The server speaks first, then the client, and the end comes when the client has ended. */
  static void talk() throws IOException {
    try (Client client = Client.to(PORT)) {
      assertThat(client.receiveText(6)).isEqualTo("hello ");
      client.send("and back");
      assertThat(client.receiveText(8)).isEqualTo("and back");
    }
  }

  void reaches(String to, String... hops) throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, configuration(to, hops))) {
      talk();
      server.awaitNoSession();
      server.rememberDescriptors();
      for (int i = 0; i < 5; i++) {
        talk();
      }
      server.awaitNoSession();
      AccessLine end = server.accessLines(AccessLine::isEnd).getFirst();
      assertThat(end.get("via")).isEqualTo("out");
      assertThat(end.get("target")).isEqualTo(to);
      assertThat(end.get("down")).isEqualTo("14");
      server.assertNothingLeaked();
    }
  }

  AccessLine fails(String to, String... hops) throws Exception {
    return fails(configuration(to, hops));
  }

  AccessLine fails(String configuration) throws Exception {
    try (BouncerServer server = BouncerServer.start(folder, configuration)) {
      try (Client client = Client.to(PORT)) {
        client.send("never to be seen by a proxy");
        assertThat(client.in().read()).isEqualTo(-1);
      } catch (IOException reset) {
        // What it sent was not read: the close may come as a reset.
      }
      server.awaitNoSession();
      await()
          .atMost(Patience.seconds(10))
          .until(() -> !server.accessLines(AccessLine::isEnd).isEmpty());
      return server.accessLines(AccessLine::isEnd).getFirst();
    }
  }
}
