package org.portbouncer.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** Ports to listen on. */
final class Ports {
  private static final int LOWEST = 12_000;
  private static final int LOWEST_OUTGOING = 32_000;
  private static final Set<Integer> GIVEN = new HashSet<>();

  private Ports() {}

  /**
   * A port nobody listens on, each one given only once. It is below the range that the kernel gives
   * to outgoing connections, so that none of those takes it before the server does.
   */
  static synchronized int free() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, LOWEST_OUTGOING);
      try (ServerSocket probe = new ServerSocket()) {
        probe.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
        if (GIVEN.add(port)) {
          return port;
        }
      } catch (BindException taken) {
        GIVEN.add(port);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
