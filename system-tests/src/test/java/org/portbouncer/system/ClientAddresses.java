package org.portbouncer.system;

import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/**
 * Which addresses the clients of a test have had. Each is used once as long as a server runs that
 * may have seen it, so it names one session in that server's log; after that it may be used again,
 * for a machine has no more than some 28,000. Where all are taken, one that was taken several
 * servers ago is another server's.
 */
final class ClientAddresses {

  /** By address: how many servers had been started when it was last taken. */
  private static final Map<InetSocketAddress, Integer> TAKEN = new HashMap<>();

  /** So many servers later an address has been another's, but for classes with one for long. */
  private static final int LONG_AGO = 4;

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

  /** Whether no running server has seen that address; if so, it has from now on. */
  static synchronized boolean take(InetSocketAddress address) {
    return TAKEN.putIfAbsent(address, started) == null;
  }

  /** The same, but for servers that were started long ago. */
  static synchronized boolean takeAgain(InetSocketAddress address) {
    boolean free = TAKEN.getOrDefault(address, 0) <= started - LONG_AGO;
    if (free) {
      TAKEN.put(address, started);
    }
    return free;
  }
}
