package org.portbouncer.system;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/** How much of what a socket was given is not yet acknowledged, as the kernel tells it. */
final class SendQueue {
  private SendQueue() {}

  static void awaitEmpty(Socket socket) {
    await("acknowledgement of all that was sent")
        .atMost(Patience.seconds(30))
        .pollInterval(Duration.ofMillis(10))
        .until(() -> bytes(socket) == 0);
  }

  /** Lines of /proc/net/tcp: "sl: local:port remote:port state tx_queue:rx_queue ...", in hex. */
  private static long bytes(Socket socket) throws IOException {
    String local = String.format(":%04X", socket.getLocalPort());
    String remote = String.format(":%04X", socket.getPort());
    for (String table : new String[] {"tcp", "tcp6"}) {
      try (Stream<String> lines = Files.lines(Path.of("/proc/net", table))) {
        String[] found =
            lines
                .map(line -> line.strip().split("\\s+", -1))
                .filter(f -> f[1].endsWith(local) && f[2].endsWith(remote))
                .findFirst()
                .orElse(null);
        if (found != null) {
          return Long.parseLong(found[4].substring(0, found[4].indexOf(':')), 16);
        }
      }
    }
    throw new IOException("the kernel knows no socket " + socket);
  }
}
