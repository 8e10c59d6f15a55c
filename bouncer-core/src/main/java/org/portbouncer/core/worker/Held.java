package org.portbouncer.core.worker;

import java.util.Arrays;
import org.portbouncer.core.hop.Session;

/**
 * The sessions a worker holds, by their record in the session table, and what room they leave: in
 * descriptors, and in memory for their states. On the thread of the worker's loop.
 */
final class Held {

  /**
   * For the states of held sessions that came inline, outside of the heap: half of what the VM lets
   * a process have there.
   */
  private static final long STATE_MEMORY = Runtime.getRuntime().maxMemory() / 2;

  private Session[] byRecord = new Session[256];
  private final int capacity;
  private final int perSession;
  private final int sessionRoom;
  private int count;

  /** Bytes of the states of held sessions. */
  private long stateBytes;

  /** Descriptors of held sessions beyond those that each has. */
  private int extraDescriptors;

  /**
   * @param capacity of the session table
   * @param perSession descriptors that a held session has
   * @param sessionRoom how many may be held, by the process's descriptor limit
   */
  Held(int capacity, int perSession, int sessionRoom) {
    this.capacity = capacity;
    this.perSession = perSession;
    this.sessionRoom = sessionRoom;
  }

  /** Whether one session more may be held, as far as its descriptors go. */
  boolean hasRoomForSession() {
    return hasRoomFor(perSession);
  }

  private boolean hasRoomFor(int descriptors) {
    long open = (long) count * perSession + extraDescriptors;
    return open + descriptors <= (long) sessionRoom * perSession;
  }

  /**
   * Counts a descriptor more than each session has, before it is opened.
   *
   * @return false where the process has no room for it
   */
  boolean takeExtraDescriptor() {
    if (!hasRoomFor(1)) {
      return false;
    }
    extraDescriptors++;
    return true;
  }

  /** The opposite of {@link #takeExtraDescriptor}, after it was closed. */
  void giveExtraDescriptor() {
    extraDescriptors--;
  }

  /** What the states of held sessions take up. */
  long stateBytes() {
    return stateBytes;
  }

  /** Whether the states of more sessions may be kept; otherwise they wait in the inbox. */
  boolean hasMemory() {
    return stateBytes < STATE_MEMORY;
  }

  void add(Session session) {
    int record = session.state().record();
    if (record >= byRecord.length) {
      byRecord =
          Arrays.copyOf(byRecord, Math.min(capacity, Math.max(record + 1, 2 * byRecord.length)));
    }
    byRecord[record] = session;
    count++;
    stateBytes += session.tailMemory();
  }

  void remove(Session session) {
    int record = session.state().record();
    if (get(record) == session) {
      byRecord[record] = null;
      count--;
      stateBytes -= session.tailMemory();
    }
  }

  /** A session's state has become larger; counted where it is held. */
  void grown(Session session, int bytes) {
    if (get(session.state().record()) == session) {
      stateBytes += bytes;
    }
  }

  /** The session with this record, or null where it is not held here. */
  Session get(int record) {
    return record >= 0 && record < byRecord.length ? byRecord[record] : null;
  }

  int count() {
    return count;
  }

  /** A snapshot, so that those in it may be let go while it is walked. */
  Session[] all() {
    Session[] all = new Session[count];
    int n = 0;
    for (Session session : byRecord) {
      if (session != null) {
        all[n++] = session;
      }
    }
    return all;
  }
}
