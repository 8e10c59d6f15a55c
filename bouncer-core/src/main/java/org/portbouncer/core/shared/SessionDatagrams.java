package org.portbouncer.core.shared;

import static org.portbouncer.core.shared.RecordLayout.DATAGRAMS_DOWN;
import static org.portbouncer.core.shared.RecordLayout.DATAGRAMS_DROPPED;
import static org.portbouncer.core.shared.RecordLayout.DATAGRAMS_UP;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * What is counted of a session of datagrams beside its bytes. It lies behind all records of the
 * {@link SessionTable}, in memory that others do not touch. Written by the mother while such a
 * session is set up, then by the io worker that has it.
 */
public final class SessionDatagrams {

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final MemorySegment memory;
  private final long first;

  SessionDatagrams(SessionTable table) {
    this.memory = table.memory();
    this.first = table.at(table.capacity(), 0);
  }

  private long at(int record, int offset) {
    return first + (long) record * RecordLayout.DATAGRAMS + offset;
  }

  /** Sets the datagrams moved so far, and those that were not; only who has the session does. */
  public void moved(int record, long up, long down, long dropped) {
    LONG.setOpaque(memory, at(record, DATAGRAMS_UP), up);
    LONG.setOpaque(memory, at(record, DATAGRAMS_DOWN), down);
    LONG.setOpaque(memory, at(record, DATAGRAMS_DROPPED), dropped);
  }

  public long up(int record) {
    return (long) LONG.getOpaque(memory, at(record, DATAGRAMS_UP));
  }

  public long down(int record) {
    return (long) LONG.getOpaque(memory, at(record, DATAGRAMS_DOWN));
  }

  public long dropped(int record) {
    return (long) LONG.getOpaque(memory, at(record, DATAGRAMS_DROPPED));
  }
}
