package org.portbouncer.system;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Sessions at a rate until it is closed, whatever becomes of those before, and some that stay all
 * the time; every byte is checked, and how each ended is remembered. All on one thread: the machine
 * is for what is tested.
 */
final class ChaosLoad implements AutoCloseable {
  /** More than those wait at once only where something is wrong; then the rate is not held. */
  private static final int MOST_AT_ONCE = 4_000;

  private static final int LONG_SESSIONS = 60;
  private static final int SOURCES = 200;
  private static final int NOISE = 1024 * 1024;
  private static final int TURN_MILLIS = 5;

  /**
   * How a session ended for its client.
   *
   * @param end in a word
   * @param bytes sent and received back
   * @param why what cut it off
   */
  record Outcome(ChaosSession.End end, long bytes, String why) {
    boolean whole() {
      return end == ChaosSession.End.WHOLE;
    }
  }

  private final Selector selector = Selector.open();
  private final ByteBuffer noise = ByteBuffer.allocateDirect(NOISE);
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(ChaosSession.MOST_BYTES);
  private final Random random;
  private final int perSecond;
  private final int[] ports;
  private final List<InetAddress> sources = new ArrayList<>();
  private final Set<InetSocketAddress> used = new HashSet<>();
  private final Set<ChaosSession> live = new HashSet<>();
  private final Map<String, Outcome> outcomes = new HashMap<>();

  /** Long sessions that live and have had something back, so that an io worker has them. */
  private final Set<String> served = ConcurrentHashMap.newKeySet();

  private final List<String> wrong = new ArrayList<>();
  private final Thread thread;
  private int longLive;
  private long lookedAt = System.nanoTime();
  private volatile boolean closing;
  private IOException broken;

  /**
   * Begins.
   *
   * @param perSecond sessions begun each second
   * @param ports listeners whose target echoes; the first takes the long ones and most others
   */
  ChaosLoad(Random random, int perSecond, int... ports) throws IOException {
    this.random = random;
    this.perSecond = perSecond;
    this.ports = ports.clone();
    byte[] bytes = Payload.bytes(random, NOISE);
    noise.put(bytes).clear();
    for (int i = 0; i < SOURCES; i++) {
      sources.add(InetAddress.ofLiteral("127.3." + i + ".1"));
    }
    thread = Thread.ofPlatform().name("chaos-load").start(this::run);
  }

  private void run() {
    long start = System.nanoTime();
    long begun = 0;
    try {
      while (!closing || !live.isEmpty()) {
        long now = System.nanoTime();
        if (!closing) {
          for (; longLive < LONG_SESSIONS; longLive++) {
            begin(ports[0], true);
          }
          long due = (now - start) / 1_000 * perSecond / 1_000_000;
          for (; begun < due && live.size() < MOST_AT_ONCE; begun++) {
            begin(random.nextInt(4) == 0 ? ports[ports.length - 1] : ports[0], false);
          }
          begun = due;
        }
        selector.select(this::ready, TURN_MILLIS);
        look(System.nanoTime());
      }
    } catch (IOException e) {
      broken = e;
    }
  }

  private void begin(int port, boolean isLong) throws IOException {
    InetAddress source = sources.get(random.nextInt(SOURCES));
    live.add(new ChaosSession(selector, source, port, isLong, noise, random, used));
  }

  private void ready(SelectionKey key) {
    ChaosSession session = (ChaosSession) key.attachment();
    session.ready(buffer);
    if (session.end() != null) {
      live.remove(session);
      ended(session);
    } else if (session.isLong() && session.bytes() > 0) {
      served.add(session.address());
    }
  }

  /** Looks at all, now and then: with each event it would be most of the work. */
  private void look(long now) {
    if (now - lookedAt < TURN_MILLIS * 1_000_000L) {
      return;
    }
    lookedAt = now;
    boolean last = closing;
    live.removeIf(
        session -> {
          session.look(now, last);
          if (session.end() != null) {
            ended(session);
          }
          return session.end() != null;
        });
  }

  private void ended(ChaosSession session) {
    Outcome outcome = new Outcome(session.end(), session.bytes(), session.why());
    outcomes.put(session.address(), outcome);
    if (session.isLong()) {
      longLive--;
      served.remove(session.address());
    }
    if (!outcome.whole() && session.end() != ChaosSession.End.CUT) {
      wrong.add(session.address() + ": " + outcome);
    }
  }

  /** How each session ended, by its client's address; once it is closed. */
  Map<String, Outcome> outcomes() {
    return outcomes;
  }

  /** Those that stay, by address, once an io worker has each of them. */
  Set<String> awaitServed() {
    return await("sessions that stay")
        .until(() -> Set.copyOf(served), sessions -> sessions.size() == LONG_SESSIONS);
  }

  /** Lets the sessions that run end, and fails where a client was refused or got wrong bytes. */
  @Override
  public void close() throws IOException {
    closing = true;
    selector.wakeup();
    Pause.untilEnd(thread);
    selector.close();
    if (broken != null) {
      throw broken;
    }
    if (!wrong.isEmpty()) {
      throw new AssertionError("refused, stuck, or with wrong bytes: " + wrong);
    }
  }
}
