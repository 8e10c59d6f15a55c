package org.portbouncer.negotiator.connect;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Mailbox;

/**
 * Resolves names for the connect worker. The system's resolver blocks, so it runs in threads of its
 * own; answers come back through the loop's mailbox. Sessions that want the same name at the same
 * time share one look-up, and an answer serves for a second: a target that moves is found again at
 * once, and a busy listener does not ask ten thousand times.
 */
final class Resolver {

  private static final int THREADS = 4;
  private static final long KEEP_NANOS = 1_000_000_000;
  private static final InetAddress[] NONE = {};

  /** Who wants to know; told on the loop's thread. */
  interface Asker {
    /** Grows with each use, so that an answer that comes late finds its asker gone. */
    int use();

    /**
     * The answer.
     *
     * @param usedThen what {@link #use} was when it was asked for
     * @param found empty where the name has no address
     * @param why in words, where it has none
     */
    void resolved(int usedThen, InetAddress[] found, String why);
  }

  private record Waiting(Asker attempt, int use) {}

  private static final class Lookup {
    private final String host;
    private final List<Waiting> waiting = new ArrayList<>();
    private InetAddress[] found = NONE;
    private String failure = "";
    private boolean done;
    private long doneAt;

    Lookup(String host) {
      this.host = host;
    }
  }

  private final EventLoop loop;
  private final Map<String, Lookup> lookups = new HashMap<>();
  private final LinkedBlockingQueue<Lookup> asked = new LinkedBlockingQueue<>();
  private int threads;
  private Mailbox mailbox;

  Resolver(EventLoop loop) {
    this.loop = loop;
  }

  /** Looks {@code host} up and tells {@code attempt}, now or later, on the loop's thread. */
  void resolve(String host, Asker attempt) {
    boolean able = start();
    Lookup lookup = lookups.get(host);
    if (lookup == null || lookup.done && loop.now() - lookup.doneAt > KEEP_NANOS) {
      lookup = new Lookup(host);
      lookups.put(host, lookup);
      if (able) {
        asked.add(lookup);
      } else {
        lookup.failure = "no thread is to be had to look the name up";
        lookup.done = true;
        lookup.doneAt = loop.now();
      }
    }
    if (lookup.done) {
      attempt.resolved(attempt.use(), lookup.found, lookup.failure);
    } else {
      lookup.waiting.add(new Waiting(attempt, attempt.use()));
    }
  }

  /**
   * Has the JDK give a name's addresses in the order in which the system sorts them (RFC 6724);
   * else it puts IPv4 first. Before anything of java.net is used.
   */
  static void sortAsTheSystemDoes() {
    System.setProperty("java.net.preferIPv6Addresses", "system");
  }

  /**
   * Threads and mailbox are made for the first name: most configurations have none. Where not all
   * threads are to be had, those do that are there, and the others are tried for again.
   *
   * @return whether there is any
   */
  private boolean start() {
    if (mailbox == null) {
      prepare();
    }
    try {
      for (; threads < THREADS; threads++) {
        Thread.ofPlatform().daemon().name("resolver").start(this::askAll);
      }
    } catch (OutOfMemoryError e) {
      return threads > 0;
    }
    return true;
  }

  private void prepare() {
    // The answer's own lifetime is above; the JVM's cache would keep a target that moved.
    java.security.Security.setProperty("networkaddress.cache.ttl", "0");
    java.security.Security.setProperty("networkaddress.cache.negative.ttl", "0");
    mailbox = new Mailbox(loop);
  }

  /** The life of a resolver thread. */
  private void askAll() {
    try {
      while (true) {
        ask(asked.take());
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts it", e);
    }
  }

  /** In a resolver thread. */
  private void ask(Lookup lookup) {
    try {
      lookup.found = InetAddress.getAllByName(lookup.host);
    } catch (UnknownHostException e) {
      lookup.failure = LookupFailure.words(lookup.host, e);
    } catch (RuntimeException e) {
      lookup.failure = "the name cannot be resolved: " + e.getMessage();
    }
    mailbox.post(() -> deliver(lookup));
  }

  private void deliver(Lookup lookup) {
    lookup.done = true;
    lookup.doneAt = loop.now();
    for (Waiting waiting : lookup.waiting) {
      waiting.attempt().resolved(waiting.use(), lookup.found, lookup.failure);
    }
    lookup.waiting.clear();
  }
}
