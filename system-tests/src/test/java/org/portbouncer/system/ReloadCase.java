package org.portbouncer.system;

import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Tests of reloads: a server whose configuration each test changes, and gets back as it was. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ReloadCase {

  final int port = Ports.free();
  final int other = Ports.free();

  Path folder;
  Target target;
  Target second;
  BouncerServer server;

  @BeforeAll
  void start(@TempDir Path temporary) throws Exception {
    folder = temporary;
    target = Target.start(Handler.echo());
    second = Target.start(Handler.banner("second "));
    server = BouncerServer.start(folder, plain());
    WarmUp.sessions(port);
    // Both logs' ways, and a reload, have been gone once before descriptors are counted.
    server.reloaded(plain());
    server.rememberDescriptors();
  }

  @AfterAll
  void stop() throws Exception {
    Closing.all(server, target, second);
  }

  @BeforeEach
  void asAtTheStart() throws Exception {
    server.reloaded(plain());
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    server.reloaded(plain());
    server.assertNothingLeaked();
  }

  /** The configuration that every test begins and ends with. */
  String plain() {
    return with("pass", "workers { io = 1 }");
  }

  String with(String action, String more) {
    return """
    listeners { web { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = rules } }
    acls { rules = [ { name = local, action = %s, from = "127.0.0.0/8" } ] }
    %s
    """
        .formatted(port, target.port(), action, more);
  }

  /** The same, with workers that do not change. */
  String and(String more) {
    return with("pass", "workers { io = 1 }\n" + more);
  }

  boolean isRefused(int port) throws IOException {
    try {
      Client.to(port).close();
      return false;
    } catch (ConnectException refused) {
      return true;
    }
  }

  /** Sockets that listen, by their inodes, as the mother has them. */
  List<String> listening() throws IOException {
    List<String> inodes = new ArrayList<>();
    try (Stream<String> lines = Files.lines(Path.of("/proc/net/tcp"))) {
      // proc(5): 0A is TCP_LISTEN; the port stands in hexadecimal.
      String suffix = ":%04X".formatted(port);
      lines
          .map(line -> line.strip().split("\\s+", -1))
          .filter(f -> f.length > 9 && f[1].endsWith(suffix) && f[3].equals("0A"))
          .forEach(f -> inodes.add(f[9]));
    }
    return inodes;
  }

  String listener(String name, String listen, int targetPort) {
    return "listeners { %s { listen = \"%s\", target = \"127.0.0.1:%d\", acl = rules } }\n"
        .formatted(name, listen, targetPort);
  }

  long counted(String listener, String what) throws IOException {
    return server.status().path("listeners").path(listener).path(what).asLong(-1);
  }
}
