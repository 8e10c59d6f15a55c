package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.SockAddr;

/** What a stress test looks at, small enough to be made anew for each of its rounds. */
final class Arena64 {

  static final int MOTHER = 100;
  static final int FIRST = 201;
  static final int SECOND = 202;
  static final int DEAD = 900;
  static final int CAPACITY = 64;

  private static final InetAddress CLIENT = InetAddress.ofLiteral("192.0.2.1");

  /** One state for all: a record takes a copy. */
  private static final Session SESSION = new Session();

  static {
    SESSION.create(0, 0);
    SockAddr.put(SESSION.state().memory(), SESSION.state().client(), CLIENT, 1);
    SockAddr.put(SESSION.state().memory(), SESSION.state().local(), CLIENT, 2);
  }

  private Arena64() {}

  static MemorySegment memory(long bytes) {
    return MemorySegment.ofArray(new long[(int) (bytes / Long.BYTES)]);
  }

  /** A table of which every record is free. */
  static SessionTable table() {
    SessionTable table = new SessionTable(memory(SessionTable.bytes(CAPACITY)), CAPACITY);
    table.initialize();
    return table;
  }

  /** Admits a session as the mother does; it is hers. */
  static synchronized void admit(SessionTable table, int record, long id) {
    table.admit(record, state(table, record, id), 0, 0);
  }

  /** What a message says of the session that has the record now. */
  static SessionState state(SessionTable table, int record, long id) {
    SessionState state = SESSION.state();
    state.identify(id, record, table.generation(record));
    state.origin(0, 0, 0);
    state.accepted(0);
    return state;
  }

  /** Brings a session that the mother has to a worker. */
  static void bring(SessionTable table, int record, int pid, StageId stage) {
    int generation = table.generation(record);
    table.queue(record, generation, table.owner(record), stage);
    table.arrive(state(table, record, table.id(record)), stage, pid, 0);
  }

  static int bit(boolean value) {
    return value ? 1 : 0;
  }
}
