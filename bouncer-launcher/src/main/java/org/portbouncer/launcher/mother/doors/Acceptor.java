package org.portbouncer.launcher.mother.doors;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.loop.Timers;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.worker.DescriptorLimit;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.Handover;
import org.portbouncer.core.worker.Outbox;
import org.portbouncer.core.worker.SessionPool;
import org.portbouncer.launcher.figures.PauseReason;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.StateMaker;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes clients from the listen queues and gives each its record, its state, and its first hop. In
 * the mother, on her loop's thread; no JDK channel, no object per client that is not pooled.
 *
 * <p>While the way on is full, or something ran out, nobody is accepted: the listen backlog is the
 * queue, and no client is lost.
 */
public final class Acceptor {

  private static final Logger LOG = LoggerFactory.getLogger(Acceptor.class);

  /** Accepted in one turn from one socket, so that a busy listener leaves the others theirs. */
  private static final int PER_TURN = 64;

  /** For clients whose handshake is under way when a socket goes: a round trip, and some. */
  private static final long HANDSHAKE_NANOS = 300_000_000;

  /** A socket that goes is closed after this, also where nobody can be accepted. */
  private static final long LEAVING_NANOS = 3_000_000_000L;

  private static final long LEAVE_AGAIN_NANOS = 10_000_000;
  private static final long SHORTAGE_PAUSE_NANOS = 50_000_000;
  private static final long IN_FLIGHT_PAUSE_NANOS = 5_000_000;

  /** Looking at all workers' places takes some microseconds. */
  private static final long HELD_COUNT_NANOS = 1_000_000;

  /** Full for longer than this is more than a burst. */
  private static final long FULL_NANOS = 1_000_000_000;

  private static final long SHORTAGE_LOG_NANOS = 1_000_000_000;

  private final EventLoop loop;
  private final SharedArea area;
  private final RecordAllocator records;
  private final StateMaker states;
  private final Outbox outbox;
  private final Admission admission;
  private final DatagramRoom datagrams;
  private final List<Door> doors = new ArrayList<>();
  private final AcceptPauses pauses;

  /**
   * Sessions on their way at once. The kernel lets a user without privileges have as many
   * descriptors in flight as a process may have open (unix(7), ETOOMANYREFS); with more in the
   * inboxes no stage could send, and so none would read.
   */
  private final int mostInSetUp;

  /** Sockets that will be closed when the clients in their queues are taken. */
  private final List<Door> leaving = new ArrayList<>();

  private long leaveFrom;
  private long leaveBy;
  private boolean open;

  /** Whether all doors are watched, or none is; not known where not {@code settled}. */
  private boolean accepting;

  private boolean settled;

  private int held;
  private long heldCountedAt;
  private boolean shortage;
  private boolean inFlight;
  private boolean backPressure;

  /** Since when the stages take no more; 0 while they do. */
  private long fullSince;

  /** What ran out the last time. */
  private String lacking = "";

  private long shortageLogged;

  private final Timer shortageOver =
      new Timer() {
        @Override
        protected void expired(long now) {
          shortage = false;
          adjust();
        }
      };

  private final Timer inFlightLess =
      new Timer() {
        @Override
        protected void expired(long now) {
          adjust();
        }
      };

  private final Timer leaveAgain =
      new Timer() {
        @Override
        protected void expired(long now) {
          leave(now);
        }
      };

  public Acceptor(Ground ground, AcceptPauses pauses, int[] firstInbox) {
    this.loop = ground.loop();
    this.area = ground.area();
    this.records = ground.records();
    SessionPool pool = new SessionPool();
    this.states = ground.states();
    this.outbox =
        new Outbox(
            loop,
            firstInbox,
            ground.batch(),
            new Handover(
                area.sessions(),
                StageId.FIRST,
                StageId.FIRST,
                ground.pid(),
                pool,
                session -> {
                  throw new IllegalStateException("the mother keeps both ends of every inbox");
                }));
    this.admission = new Admission(ground, outbox, pool);
    this.datagrams = new DatagramRoom();
    this.pauses = pauses;
    long room = DescriptorLimit.current() - (long) Descriptors.IN_SETUP * ground.batch();
    this.mostInSetUp = (int) Math.max(ground.batch(), room / Descriptors.IN_SETUP);
    this.shortageLogged = loop.now() - SHORTAGE_LOG_NANOS;
  }

  /** Begins to accept. */
  public void open(Epoch epoch, Listeners listeners) {
    open = true;
    serve(epoch, listeners);
  }

  /**
   * Accepts by another configuration from now on. Sockets of addresses that stay go on; those of
   * others are closed once the clients in their queues are taken, under the configuration that
   * these came to.
   */
  public void serve(Epoch epoch, Listeners listeners) {
    Map<ListenSocket, Door> before = new HashMap<>();
    for (Door door : doors) {
      before.put(door.socket(), door);
    }
    doors.clear();
    for (Listeners.Entry entry : listeners.entries()) {
      Door door = before.remove(entry.socket());
      if (door == null) {
        door =
            entry.socket().udp()
                ? new DatagramDoor(this, entry.socket(), datagrams)
                : new ConnectionDoor(this, entry.socket());
      }
      door.leadTo(epoch, entry);
      doors.add(door);
    }
    for (Door door : before.values()) {
      if (door.registered()) {
        door.unwatch(loop);
      }
      door.socket().ignoreNewClients();
      leaving.add(door);
    }
    settled = false;
    adjust();
    if (!leaving.isEmpty()) {
      leaveFrom = loop.now() + HANDSHAKE_NANOS;
      leaveBy = loop.now() + LEAVING_NANOS;
      leave(loop.now());
    }
  }

  /** Accepts nobody for now: who comes waits in the listen queue, for this process or another. */
  public void pause() {
    open = false;
    adjust();
  }

  /** Accepts again after {@link #pause}. */
  public void goOn() {
    open = true;
    adjust();
  }

  /** The number of the last session. */
  public long lastId() {
    return admission.lastId();
  }

  /** Goes on counting sessions from there. */
  public void countFrom(long lastId) {
    admission.countFrom(lastId);
  }

  /** Sockets of older configurations that are not closed yet. */
  public List<ListenSocket> leaving() {
    return leaving.stream().map(Door::socket).toList();
  }

  /** Whether nobody is left who was accepted and not passed on. */
  public boolean allPassedOn() {
    return outbox.waiting() == 0 && doors.stream().noneMatch(Door::hasClients);
  }

  /** Ends accepting for good. */
  public void close() {
    open = false;
    adjust();
    doors.forEach(Door::close);
    doors.clear();
    leaving.forEach(Door::close);
    leaving.forEach(door -> door.socket().close());
    leaving.clear();
  }

  // What the doors need.

  RecordAllocator records() {
    return records;
  }

  SharedArea area() {
    return area;
  }

  Admission admission() {
    return admission;
  }

  EventLoop loop() {
    return loop;
  }

  long now() {
    return loop.now();
  }

  Timers timers() {
    return loop.timers();
  }

  /** How many may be taken in one turn from one door. */
  int most() {
    return Math.min(PER_TURN, mostInSetUp);
  }

  boolean lacks() {
    return shortage;
  }

  /** Accepts or pauses, as the way on allows. */
  void adjust() {
    boolean blocked = outbox.blocked();
    if (blocked && !backPressure) {
      pauses.count(PauseReason.QUEUE);
    }
    backPressure = blocked;
    boolean tooMany = tooManyInSetUp();
    if (tooMany && !inFlight) {
      pauses.count(PauseReason.QUEUE);
    }
    inFlight = tooMany;
    if (tooMany && !inFlightLess.isSet()) {
      loop.timers().set(inFlightLess, loop.now() + IN_FLIGHT_PAUSE_NANOS);
    }
    if (!blocked && !tooMany) {
      fullSince = 0;
    } else if (fullSince == 0) {
      fullSince = loop.now();
    }
    boolean wanted = mayAccept();
    // Of ranges of ports there are thousands of doors, and this comes after each turn.
    if (!settled || wanted != accepting) {
      watch(wanted);
    }
  }

  private void watch(boolean wanted) {
    accepting = wanted;
    settled = true;
    for (Door door : doors) {
      if (wanted && !door.registered()) {
        int errno = door.watch(loop);
        if (errno != 0) {
          shortage(PauseReason.DESCRIPTORS, Errno.watching(errno));
          watch(false);
          return;
        }
      } else if (!wanted && door.registered()) {
        door.unwatch(loop);
      }
    }
  }

  /**
   * Why nobody is accepted; empty where clients are. That the stages are full for a moment is part
   * of a busy server's life, and not meant.
   */
  public String standstill(long now) {
    if (shortage) {
      return "paused: " + lacking + "; clients wait in the listen queue";
    }
    return fullSince != 0 && now - fullSince > FULL_NANOS
        ? "paused: the stages take no more sessions; clients wait in the listen queue"
        : "";
  }

  boolean mayAccept() {
    return open && !shortage && !inFlight && !outbox.blocked();
  }

  private boolean tooManyInSetUp() {
    int active = records.active();
    if (active <= mostInSetUp) {
      return false;
    }
    if (loop.now() - heldCountedAt >= HELD_COUNT_NANOS) {
      heldCountedAt = loop.now();
      held = area.workers().sessionsHeld();
    }
    return active - held > mostInSetUp;
  }

  /** Takes the clients who still wait at sockets that go, and closes those where none does. */
  private void leave(long now) {
    for (int i = leaving.size() - 1; i >= 0; i--) {
      Door door = leaving.get(i);
      if (mayAccept() && door.accept() && now - leaveFrom > 0 || now - leaveBy > 0) {
        leaving.remove(i);
        door.close();
        door.socket().close();
      }
    }
    if (!leaving.isEmpty()) {
      loop.timers().set(leaveAgain, now + LEAVE_AGAIN_NANOS);
    }
  }

  /** Once a turn: sends what was accepted. */
  public void endOfTurn() {
    outbox.flush();
    int spilledOnHop = outbox.takeSpilled();
    if (spilledOnHop > 0) {
      states.spilledOnHop(spilledOnHop);
    }
    int errno = outbox.takeShortage();
    if (errno != 0 && loop.now() - shortageLogged >= SHORTAGE_LOG_NANOS) {
      shortageLogged = loop.now();
      LOG.warn("clients wait to be passed on: {}", Errno.watching(errno));
    }
    adjust();
  }

  /** Nobody is accepted for a moment: something has run out. */
  void shortage(PauseReason reason, String what) {
    pauses.count(reason);
    shortage = true;
    lacking = what;
    loop.timers().set(shortageOver, loop.now() + SHORTAGE_PAUSE_NANOS);
    if (loop.now() - shortageLogged >= SHORTAGE_LOG_NANOS) {
      shortageLogged = loop.now();
      LOG.warn("accepting pauses: {}; clients wait in the listen queue", what);
    }
  }
}
