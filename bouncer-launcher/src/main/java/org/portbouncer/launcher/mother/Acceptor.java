package org.portbouncer.launcher.mother;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Timeouts;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.worker.DescriptorLimit;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.Handover;
import org.portbouncer.core.worker.Outbox;
import org.portbouncer.core.worker.SessionEnd;
import org.portbouncer.core.worker.SessionPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes clients from the listen queues and gives each its record, its state, and its first hop. In
 * the mother, on her loop's thread; no JDK channel, no object per client that is not pooled.
 *
 * <p>While the way on is full, or something ran out, nobody is accepted: the listen backlog is the
 * queue, and no client is lost.
 */
final class Acceptor {

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
  private final SessionEnd ends;
  private final SessionPool pool = new SessionPool();
  private final StateMaker states;
  private final Outbox outbox;
  private final List<Door> doors = new ArrayList<>();
  private final AcceptPauses pauses;

  /**
   * Sessions on their way at once. The kernel lets a user without privileges have as many
   * descriptors in flight as a process may have open (unix(7), ETOOMANYREFS); with more in the
   * inboxes no stage could send, and so none would read.
   */
  private final int mostInSetUp;

  private final MemorySegment address = Native.allocate(SockAddr.ROOM + 8L);

  /** Sockets that will be closed when the clients in their queues are taken. */
  private final List<Door> leaving = new ArrayList<>();

  private long leaveFrom;
  private long leaveBy;
  private long lastId;
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

  Acceptor(Ground ground, AcceptPauses pauses, int[] firstInbox) {
    this.loop = ground.loop();
    this.area = ground.area();
    this.records = ground.records();
    this.ends = ground.ends();
    this.states = ground.states();
    this.outbox =
        new Outbox(
            loop,
            firstInbox,
            ground.batch(),
            new Handover(
                area.sessions(),
                StageId.NEGOTIATE,
                StageId.NEGOTIATE,
                ground.pid(),
                pool,
                session -> {
                  throw new IllegalStateException("the mother keeps both ends of every inbox");
                }));
    this.pauses = pauses;
    long room = DescriptorLimit.current() - (long) Descriptors.IN_SETUP * ground.batch();
    this.mostInSetUp = (int) Math.max(ground.batch(), room / Descriptors.IN_SETUP);
    this.shortageLogged = loop.now() - SHORTAGE_LOG_NANOS;
  }

  /** Begins to accept. */
  void open(Epoch epoch, Listeners listeners) {
    open = true;
    serve(epoch, listeners);
  }

  /**
   * Accepts by another configuration from now on. Sockets of addresses that stay go on; those of
   * others are closed once the clients in their queues are taken, under the configuration that
   * these came to.
   */
  void serve(Epoch epoch, Listeners listeners) {
    Map<ListenSocket, Door> before = new HashMap<>();
    for (Door door : doors) {
      before.put(door.socket, door);
    }
    doors.clear();
    for (Listeners.Entry entry : listeners.entries()) {
      Door door = before.remove(entry.socket());
      if (door == null) {
        door = new Door(entry.socket());
      }
      door.leadTo(epoch, entry);
      doors.add(door);
    }
    for (Door door : before.values()) {
      if (door.registered()) {
        loop.remove(door, door.socket.fd());
      }
      door.socket.ignoreNewClients();
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

  /** Sockets of older configurations that are not closed yet. */
  List<ListenSocket> leaving() {
    return leaving.stream().map(door -> door.socket).toList();
  }

  /** Whether nobody is left who was accepted and not passed on. */
  boolean allPassedOn() {
    return outbox.waiting() == 0;
  }

  /** Ends accepting for good. */
  void close() {
    open = false;
    adjust();
    doors.clear();
    leaving.forEach(door -> door.socket.close());
    leaving.clear();
  }

  /** Accepts or pauses, as the way on allows. */
  private void adjust() {
    boolean blocked = outbox.blocked();
    if (blocked && !backPressure) {
      pauses.count(AcceptPauses.Reason.QUEUE);
    }
    backPressure = blocked;
    boolean tooMany = tooManyInSetUp();
    if (tooMany && !inFlight) {
      pauses.count(AcceptPauses.Reason.QUEUE);
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
        int errno = loop.tryAdd(door, door.socket.fd(), Const.EPOLLIN);
        if (errno != 0) {
          shortage(AcceptPauses.Reason.DESCRIPTORS, Errno.watching(errno));
          watch(false);
          return;
        }
      } else if (!wanted && door.registered()) {
        loop.remove(door, door.socket.fd());
      }
    }
  }

  /**
   * Why nobody is accepted; empty where clients are. That the stages are full for a moment is part
   * of a busy server's life, and not meant.
   */
  String standstill(long now) {
    if (shortage) {
      return "paused: " + lacking + "; clients wait in the listen queue";
    }
    return fullSince != 0 && now - fullSince > FULL_NANOS
        ? "paused: the stages take no more sessions; clients wait in the listen queue"
        : "";
  }

  private boolean mayAccept() {
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
        door.socket.close();
      }
    }
    if (!leaving.isEmpty()) {
      loop.timers().set(leaveAgain, now + LEAVE_AGAIN_NANOS);
    }
  }

  /** Once a turn: sends what was accepted. */
  void endOfTurn() {
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

  private void shortage(AcceptPauses.Reason reason, String what) {
    pauses.count(reason);
    shortage = true;
    lacking = what;
    loop.timers().set(shortageOver, loop.now() + SHORTAGE_PAUSE_NANOS);
    if (loop.now() - shortageLogged >= SHORTAGE_LOG_NANOS) {
      shortageLogged = loop.now();
      LOG.warn("accepting pauses: {}; clients wait in the listen queue", what);
    }
  }

  /** One listening socket, and the configuration that its clients come to. */
  private final class Door extends Pollable {

    private final ListenSocket socket;
    private final MemorySegment local;

    /** Whether all who come now have the options that the listening socket passes on. */
    private boolean ready;

    private Epoch epoch;
    private int listener;
    private int endpoint;

    Door(ListenSocket socket) {
      this.socket = socket;
      this.local = socket.local();
      this.ready = socket.fresh();
    }

    void leadTo(Epoch epoch, Listeners.Entry entry) {
      this.epoch = epoch;
      this.listener = entry.listener();
      this.endpoint = entry.address();
    }

    @Override
    protected void ready(int events) {
      accept();
      adjust();
    }

    /** Takes some of the clients who wait; true where no more do. */
    boolean accept() {
      int most = Math.min(PER_TURN, mostInSetUp);
      for (int i = 0; i < most && !shortage; i++) {
        int record = records.allocate();
        if (record < 0) {
          shortage(AcceptPauses.Reason.RECORDS, "the session table is full");
          break;
        }
        address.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
        int fd =
            Libc.accept4(
                socket.fd(),
                address.address(),
                address.address() + SockAddr.ROOM,
                Const.SOCK_NONBLOCK | Const.SOCK_CLOEXEC);
        if (fd < 0) {
          area.sessions().abandon(record);
          if (!failed(-fd)) {
            // Whoever had come before the options were set has been taken.
            ready |= fd == -Errno.EAGAIN;
            return fd == -Errno.EAGAIN;
          }
        } else {
          admit(fd, record);
        }
      }
      return false;
    }

    /** Whether to try the next client. */
    private boolean failed(int errno) {
      if (Errno.isDescriptorLimit(errno)) {
        shortage(AcceptPauses.Reason.DESCRIPTORS, Errno.text(errno));
        return false;
      }
      // accept(2): errors of the new connection are reported here too, and mean the next one.
      return errno != Errno.EAGAIN;
    }

    private void admit(int fd, int record) {
      Configuration configuration = epoch.configuration();
      Timeouts timeouts = configuration.listeners().get(listener).timeouts();
      int slot = epoch.places().listeners()[listener];
      Session session = pool.obtain();
      session.descriptors().put(Descriptors.CLIENT, fd);
      long id = ++lastId;
      states.begin(session, id);
      SessionState state = session.state();
      long now = System.nanoTime();
      state.identify(id, record, area.sessions().generation(record));
      state.origin(epoch.number(), listener, endpoint);
      state.accepted(now);
      long negotiateMs = timeouts.negotiateMs();
      state.deadline(negotiateMs == 0 ? 0 : now + negotiateMs * 1_000_000);
      if (SockAddr.family(address, 0) == Const.AF_UNIX) {
        SockAddr.putUnnamed(state.memory(), state.client());
      } else {
        SockAddr.normalize(address, 0);
        MemorySegment.copy(address, 0, state.memory(), state.client(), SockAddr.BYTES);
      }
      if (local != null) {
        state.local(local, 0);
      }
      state.clientReady(ready);
      area.sessions().admit(record, state, slot, System.currentTimeMillis());
      if (session.slot() >= 0) {
        area.sessions().stateSlot(record, session.slot());
      }
      area.listeners().add(slot, ListenerCounters.Count.ACCEPTED, 1);
      if (records.active() > configuration.maxSessions()) {
        pool.release(session);
        ends.end(record, area.sessions().generation(record), Result.LIMITED, Term.BLOCKED, now);
      } else {
        states.place(session);
        area.sessions().transfer(record, session.transfer().ordinal(), state.length());
        area.sessions().offered(record, StageId.NEGOTIATE, now);
        outbox.offer(session);
      }
    }
  }
}
