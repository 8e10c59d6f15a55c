package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

/** A server with a listener for each way in which bandwidth is limited, and its target. */
final class BandwidthServer {

  static final int WAYS = Ports.free();
  static final int FAIR = Ports.free();
  static final int SOURCES = Ports.free();
  static final int RULES = Ports.free();
  static final int LIVE = Ports.free();
  static final int CRAWL = Ports.free();
  static final int EDGE = Ports.free();
  static final int FREE = Ports.free();

  private final Target target;
  private final BouncerServer server;

  private BandwidthServer(Target target, BouncerServer server) {
    this.target = target;
    this.server = server;
  }

  /** Starts it; {@link #warmUp} is to follow. */
  static BandwidthServer start(Path folder) throws Exception {
    Target target = Target.start(Handler.echo());
    return new BandwidthServer(target, BouncerServer.start(folder, listeners(target) + CLASSES));
  }

  private static String listeners(Target target) {
    return "listeners {\n"
        + listener(target, "ways", WAYS, "bandwidth = ways")
        + listener(target, "fair", FAIR, "bandwidth = fair")
        + listener(target, "sources", SOURCES, "bandwidth = sources")
        + listener(target, "rules", RULES, "bandwidth = fair, acl = rules")
        + listener(target, "live", LIVE, "bandwidth = live")
        + listener(
            target,
            "crawl",
            CRAWL,
            "bandwidth = crawl, timeouts { idle = 500ms, half-closed = 500ms }")
        + listener(target, "edge", EDGE, "bandwidth = edge, timeouts { half-closed = 1s }")
        + listener(target, "free", FREE, "keep-alive { idle = 60s, interval = 10s, count = 6 }")
        + "}\n";
  }

  private static final String CLASSES =
      """
      acls {
        rules = [
          { name = one, action = pass, from = "127.0.2.0/24", bandwidth = rules }
          { name = two, action = pass, from = "127.0.3.0/24", bandwidth = rules }
          { name = rest, action = pass }
        ]
      }
      bandwidth {
        ways { up = "512 KiB/s", down = "1 MiB/s", shared-by = session }
        fair { down = "2 MiB/s" }
        sources { down = "512 KiB/s", shared-by = source }
        rules { down = "512 KiB/s", shared-by = rule }
        live { up = "64 KiB/s", down = "64 KiB/s" }
        crawl { up = "8 bit/s", down = "8 bit/s", shared-by = session }
        edge { up = "256 KiB/s", down = "256 KiB/s", shared-by = session }
      }
      workers { io = 2 }
      """;

  /** What is made once is made: a worker's first reload leaves it an eventfd. */
  void warmUp() throws Exception {
    target.serve(Handler.echo());
    WarmUp.sessions(FREE);
    WarmUp.sessions(WAYS);
    reload();
    server.rememberDescriptors();
  }

  void reload() throws Exception {
    CommandResult reload = server.command("reload");
    assertThat(reload.exit()).as(reload.allText()).isZero();
  }

  private static String listener(Target target, String name, int port, String options) {
    return "  %s { listen = \"127.0.0.1:%d\", target = \"127.0.0.1:%d\", %s }\n"
        .formatted(name, port, target.port(), options);
  }

  Target target() {
    return target;
  }

  BouncerServer server() {
    return server;
  }

  void close() throws Exception {
    Closing.all(server, target);
  }
}
