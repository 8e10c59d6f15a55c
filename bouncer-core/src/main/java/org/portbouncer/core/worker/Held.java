package org.portbouncer.core.worker;

import java.util.Arrays;
import org.portbouncer.core.hop.Session;

/** The sessions a worker holds, by their record in the session table. One thread. */
final class Held {

  private Session[] byRecord = new Session[256];
  private final int capacity;
  private int count;

  Held(int capacity) {
    this.capacity = capacity;
  }

  void add(Session session) {
    int record = session.state().record();
    if (record >= byRecord.length) {
      byRecord =
          Arrays.copyOf(byRecord, Math.min(capacity, Math.max(record + 1, 2 * byRecord.length)));
    }
    byRecord[record] = session;
    count++;
  }

  void remove(Session session) {
    int record = session.state().record();
    if (get(record) == session) {
      byRecord[record] = null;
      count--;
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
