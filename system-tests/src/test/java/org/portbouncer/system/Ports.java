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
    return free(1);
  }

  /** The first of so many that follow each other. */
  static synchronized int free(int count) {
    while (true) {
      int first = ThreadLocalRandom.current().nextInt(LOWEST, LOWEST_OUTGOING - count);
      int more = 0;
      while (more < count && take(first + more)) {
        more++;
      }
      if (more == count) {
        return first;
      }
    }
  }

  private static boolean take(int port) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
      return GIVEN.add(port);
    } catch (BindException taken) {
      GIVEN.add(port);
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
