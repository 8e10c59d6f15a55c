package org.portbouncer.system;

import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Which addresses the clients of a test have had. Each is used once to one address as long as a
 * server runs that may have seen it, so it names one session in that server's log; after that it
 * may be used again, for a machine has no more than some 28,000.
 */
final class ClientAddresses {

  private record Pair(InetSocketAddress here, InetSocketAddress there) {}

  /** By the two ends: how many servers had been started when they were last taken. */
  private static final Map<Pair, Integer> TAKEN = new LinkedHashMap<>();

  private static final Set<Integer> RUNNING = new HashSet<>();
  private static int started;

  private ClientAddresses() {}

  /**
   * A server is about to start.
   *
   * @return its number, for {@link #serverEnded}
   */
  static synchronized int serverStarts() {
    started++;
    RUNNING.add(started);
    return started;
  }

  static synchronized void serverEnded(int number) {
    RUNNING.remove(number);
    int oldest = RUNNING.stream().min(Integer::compare).orElse(Integer.MAX_VALUE);
    for (Iterator<Integer> taken = TAKEN.values().iterator(); taken.hasNext(); ) {
      if (taken.next() < oldest) {
        taken.remove();
      }
    }
  }

  /** Whether no running server has seen that address at that one of its; if so, it has now. */
  static synchronized boolean take(InetSocketAddress here, InetSocketAddress there) {
    return TAKEN.putIfAbsent(new Pair(here, there), started) == null;
  }
}
