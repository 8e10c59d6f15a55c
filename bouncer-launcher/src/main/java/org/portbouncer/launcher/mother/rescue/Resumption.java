package org.portbouncer.launcher.mother.rescue;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.launcher.mother.ground.Ground;

/**
 * Has live sessions of an io worker that has ended go on in others: takes their descriptors from
 * its {@link Keeper}, makes a state of the session's record, and sends both to the inbox of another
 * io worker. Bytes in a pipe go along in it, bytes that a slow reader had left are read from the
 * keeper's memory. Where nobody can tell where bytes are, the session is reset. In the mother, on
 * her loop's thread.
 */
public final class Resumption {

  private final Ground ground;
  private final SessionTable table;
  private final SessionFlow flows;
  private final Onward onward;
  private final MemorySegment value = Native.allocate(8);

  /** Of both ways of the session at hand: what was written, and what goes along. */
  private final long[] written = new long[Way.COUNT];

  private final int[] carried = new int[Way.COUNT];
  private final int[] carriedBytes = new int[Way.COUNT];
  private final boolean[] inPipe = new boolean[Way.COUNT];

  private Keeper keeper;
  private int dead;
  private long stoppedAt;

  public Resumption(Ground ground) {
    this.ground = ground;
    this.table = ground.table();
    this.flows = table.flow();
    this.onward = new Onward(ground);
  }

  /**
   * Begins with a worker that has ended.
   *
   * @param keeper null, or without a process, where its descriptors went with it
   * @param stoppedAt when, CLOCK_MONOTONIC ns
   * @param to whose are the inboxes that get its sessions
   */
  public void begin(Keeper keeper, int dead, long stoppedAt, List<Inboxes.Inbox> to) {
    this.keeper = keeper != null && keeper.keeps() && !to.isEmpty() ? keeper : null;
    this.dead = dead;
    this.stoppedAt = stoppedAt;
    if (this.keeper != null && !onward.lead(to)) {
      this.keeper = null;
    }
  }

  /**
   * Sends a session on that the dead worker was forwarding.
   *
   * @return false where it cannot go on: it is the caller's to end, see {@link #reset}
   */
  public boolean resume(int record) {
    if (keeper == null || !flows.is(record, SessionFlow.LIVE)) {
      return false;
    }
    Session session = onward.pool().obtain();
    session.create(0, 0);
    Descriptors descriptors = session.descriptors();
    boolean whole =
        take(descriptors, Descriptors.CLIENT, flows.client(record))
            && take(descriptors, Descriptors.TARGET, flows.target(record));
    for (int way = 0; way < Way.COUNT; way++) {
      carried[way] = -1;
      whole = whole && carry(record, way);
      if (carried[way] >= 0) {
        descriptors.put(Descriptors.CARRIED + way, carried[way]);
      }
    }
    if (!whole || !table.takeOver(record, dead, ground.pid())) {
      onward.pool().release(session);
      return false;
    }
    ground.area().buckets().giveBack(record);
    note(record);
    onward.send(record, session, stoppedAt);
    return true;
  }

  private boolean take(Descriptors descriptors, int role, int fd) {
    int taken = keeper.take(fd);
    if (taken >= 0) {
      descriptors.put(role, taken);
    }
    return taken >= 0;
  }

  /** What the next worker finds in the record. */
  private void note(int record) {
    flows.begin(
        record,
        -1,
        -1,
        written[Way.UP],
        written[Way.DOWN],
        flows.flags(record) & ~SessionFlow.LIVE);
    for (int way = 0; way < Way.COUNT; way++) {
      if (carried[way] >= 0) {
        flows.held(record, way, 0, carriedBytes[way]);
        flows.pipe(record, way, inPipe[way] ? 0 : -1);
      }
    }
    table.moved(record, written[Way.UP], written[Way.DOWN], table.activity(record));
  }

  /** Finds what was on its way; false where that cannot be told. */
  private boolean carry(int record, int way) {
    if (!takePipe(flows.pipe(record, way), way)) {
      return false;
    }
    written[way] = flows.written(record, way, carried[way] < 0 ? 0 : carriedBytes[way]);
    return written[way] >= 0
        && (flows.place(record, way) != SessionFlow.Place.HELD
            || readHeld(flows.heldAddress(record, way), flows.heldBytes(record, way), way));
  }

  private boolean takePipe(int pipe, int way) {
    if (pipe < 0) {
      return true;
    }
    int fd = keeper.take(pipe);
    if (fd < 0) {
      return false;
    }
    // A read from it must not hold up who reads.
    if ((Libc.fcntl(fd, Const.F_GETFL, 0) & Const.O_NONBLOCK) == 0
        || Libc.ioctl(fd, Const.FIONREAD, value.address()) < 0) {
      Libc.close(fd);
      return false;
    }
    int bytes = value.get(JAVA_INT, 0);
    if (bytes <= 0) {
      Libc.close(fd);
      return bytes == 0;
    }
    carried[way] = fd;
    carriedBytes[way] = bytes;
    inPipe[way] = true;
    return true;
  }

  private boolean readHeld(long address, int bytes, int way) {
    if (bytes <= 0 || bytes > SessionFlow.MOST_HELD) {
      return false;
    }
    byte[] held = new byte[bytes];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment room = arena.allocate(bytes);
      if (keeper.process().read(address, room, bytes) != bytes) {
        return false;
      }
      MemorySegment.copy(room, JAVA_BYTE, 0, held, 0, bytes);
      carried[way] = Native.constantFile("held", held);
    } catch (SystemCallException e) {
      return false;
    }
    carriedBytes[way] = bytes;
    inPipe[way] = false;
    return true;
  }

  /**
   * Has both peers of a session that cannot go on see a reset: an end of stream would say that they
   * had everything.
   *
   * @return why it cannot go on
   */
  public Cause reset(int record) {
    if (keeper == null || !flows.is(record, SessionFlow.LIVE)) {
      return Cause.WORKER_DIED;
    }
    for (int fd : new int[] {flows.client(record), flows.target(record)}) {
      int taken = keeper.take(fd);
      if (taken >= 0) {
        Sockets.resetOnClose(taken);
        Libc.close(taken);
      } else if (Errno.isDescriptorLimit(-taken)) {
        return Cause.DESCRIPTORS;
      }
    }
    return Cause.IN_HAND;
  }

  /** Sends what is still here. */
  public void end() {
    onward.end();
    keeper = null;
  }
}
