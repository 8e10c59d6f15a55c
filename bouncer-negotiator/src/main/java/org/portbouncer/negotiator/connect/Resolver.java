package org.portbouncer.negotiator.connect;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Mailbox;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Cause;

/**
 * Resolves names for the connect worker. The system's resolver blocks, so it runs in threads of its
 * own, one for each name that is being asked for; answers come back through the loop's mailbox. A
 * name whose servers do not answer holds its own sessions up and nobody else's.
 *
 * <p>Sessions that want the same name at the same time share one look-up, and an answer serves for
 * a second: a target that moves is found again at once, and a busy listener does not ask ten
 * thousand times. Where name service falls silent, the last addresses that it gave go on serving:
 * after a short wait while it is asked, and at once as long as it hangs.
 */
final class Resolver {

  /** Names that may be asked for at the same time; more wait. */
  static final int THREADS = 64;

  /** How long an answer serves for a target that is no group's. */
  static final long KEEP_NANOS = 1_000_000_000;

  /** How long sessions wait for an answer where an older one is there. */
  static final long PATIENCE_NANOS = 250_000_000;

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

  /** Asks the system; blocks. */
  interface Lookup {
    InetAddress[] find(String host) throws UnknownHostException;
  }

  private record Waiting(Asker asker, int use) {}

  /** What is known of a name; on the loop's thread. */
  private final class Name extends Timer {
    private final String host;
    private final List<Waiting> waiting = new ArrayList<>();

    /** The last that name service gave. */
    private InetAddress[] found = NONE;

    private String failure = "";
    private boolean answered;
    private long answeredAt;
    private boolean asking;
    private long askedAt;
    private boolean said;

    /** Whether the last addresses go on serving whatever name service says. */
    private boolean keeps;

    Name(String host) {
      this.host = host;
    }

    private boolean isFresh(long keep) {
      // A failure is asked about again soon, however long an answer may serve.
      long serves = found.length == 0 || said ? Math.min(keep, KEEP_NANOS) : keep;
      return answered && loop.now() - answeredAt <= serves;
    }

    /** It is being asked for, and those who want it have waited long enough. */
    @Override
    protected void expired(long now) {
      if (asking && found.length > 0) {
        goOn(Cause.NAME_SERVICE_SILENT.words());
        tellAll();
      }
    }

    private void goOn(String why) {
      if (!said) {
        said = true;
        warn.accept(host + ": " + why + "; its last known addresses go on serving");
      }
    }

    private void tellAll() {
      // Who is told may ask again.
      List<Waiting> all = List.copyOf(waiting);
      waiting.clear();
      for (Waiting one : all) {
        one.asker().resolved(one.use(), found, failure);
      }
    }
  }

  private final EventLoop loop;
  private final Consumer<String> warn;
  private final Lookup lookup;
  private final Map<String, Name> names = new HashMap<>();
  private final LinkedBlockingQueue<Name> asked = new LinkedBlockingQueue<>();

  /** Threads that wait for a name, or soon will. */
  private final AtomicInteger idle = new AtomicInteger();

  private int threads;
  private Mailbox mailbox;

  /**
   * @param warn what is to be said of name service, in one line
   * @param lookup {@link InetAddress#getAllByName}, but in tests
   */
  Resolver(EventLoop loop, Consumer<String> warn, Lookup lookup) {
    this.loop = loop;
    this.warn = warn;
    this.lookup = lookup;
  }

  /**
   * Looks {@code host} up and tells {@code asker}, now or later, on the loop's thread.
   *
   * @param keep how long an answer serves, ns; where it is longer than {@link #KEEP_NANOS}, any
   *     failure keeps the last addresses
   */
  void resolve(String host, long keep, Asker asker) {
    Name name = names.computeIfAbsent(host, Name::new);
    if (!name.asking && !name.isFresh(keep)) {
      name.keeps = keep > KEEP_NANOS;
      ask(name);
    }
    boolean late = name.asking && loop.now() - name.askedAt > PATIENCE_NANOS;
    if (!name.asking || late && name.found.length > 0) {
      asker.resolved(asker.use(), name.found, name.failure);
      return;
    }
    if (name.waiting.isEmpty() && name.found.length > 0) {
      loop.timers().set(name, name.askedAt + PATIENCE_NANOS);
    }
    name.waiting.add(new Waiting(asker, asker.use()));
  }

  /**
   * Has the JDK give a name's addresses in the order in which the system sorts them (RFC 6724);
   * else it puts IPv4 first. Before anything of java.net is used.
   */
  static void sortAsTheSystemDoes() {
    System.setProperty("java.net.preferIPv6Addresses", "system");
  }

  /**
   * Threads and mailbox are made for the first name: most configurations have none. Where no thread
   * is to be had, one that is there takes the name when it is done with another.
   */
  private void ask(Name name) {
    if (mailbox == null) {
      prepare();
    }
    if (idle.decrementAndGet() < 0) {
      idle.incrementAndGet();
      startThread();
    }
    if (threads == 0) {
      name.answered = true;
      name.answeredAt = loop.now();
      name.failure = "no thread is to be had to look the name up";
      return;
    }
    name.asking = true;
    name.askedAt = loop.now();
    asked.add(name);
  }

  private void startThread() {
    if (threads == THREADS) {
      return;
    }
    try {
      Thread.ofPlatform().daemon().name("resolver").start(this::askAll);
      threads++;
    } catch (OutOfMemoryError e) {
      // What the VM says where it gets no thread; it is tried for again with the next name.
    }
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
        find(asked.take());
        idle.incrementAndGet();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts it", e);
    }
  }

  /** In a resolver thread. */
  private void find(Name name) {
    InetAddress[] found = NONE;
    String failure = "";
    try {
      found = lookup.find(name.host);
    } catch (UnknownHostException e) {
      failure = LookupFailure.words(name.host, e);
    } catch (RuntimeException e) {
      failure = "the name cannot be resolved: " + e.getMessage();
    }
    InetAddress[] answer = found;
    String why = failure;
    mailbox.post(() -> deliver(name, answer, why));
  }

  private void deliver(Name name, InetAddress[] found, String failure) {
    loop.timers().clear(name);
    name.asking = false;
    name.answered = true;
    name.answeredAt = loop.now();
    boolean silent = failure.equals(Cause.NAME_SERVICE_SILENT.words());
    if (found.length == 0 && (silent || name.keeps) && name.found.length > 0) {
      name.goOn(failure);
    } else {
      if (name.said && found.length > 0) {
        warn.accept(name.host + ": name service answers again");
      }
      name.said = false;
      name.found = found;
      name.failure = failure;
    }
    name.tellAll();
  }
}
