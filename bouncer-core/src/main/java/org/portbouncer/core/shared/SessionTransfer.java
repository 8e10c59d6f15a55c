package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;

/**
 * How the state of a session in set-up travels, as its record in the {@link SessionTable} says, and
 * which slot of {@link StateSlots} it lies in: whoever ends the session gives that back.
 */
public final class SessionTransfer {

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private final SessionTable table;
  private final MemorySegment memory;

  SessionTransfer(SessionTable table) {
    this.table = table;
    this.memory = table.memory();
  }

  /** For a new session, whose state has so many bytes. */
  void begin(int record, int stateBytes) {
    INT.setOpaque(memory, table.at(record, RecordLayout.STATE_SLOT), 0);
    INT.setOpaque(memory, table.at(record, RecordLayout.STATE_BYTES), stateBytes);
  }

  /** Says how the state travels, and at last how it came, and its size. */
  public void set(int record, Mode mode, int stateBytes) {
    long at = table.at(record, RecordLayout.TRANSFER);
    memory.set(ValueLayout.JAVA_BYTE, at, (byte) mode.code());
    INT.setOpaque(memory, table.at(record, RecordLayout.STATE_BYTES), stateBytes);
  }

  public Mode mode(int record) {
    long at = table.at(record, RecordLayout.TRANSFER);
    Mode said = Mode.withCode(memory.get(ValueLayout.JAVA_BYTE, at));
    return said == null ? Mode.INLINE : said;
  }

  public int stateBytes(int record) {
    return (int) INT.getOpaque(memory, table.at(record, RecordLayout.STATE_BYTES));
  }

  /** Notes that the session's state lies in a slot, so that whoever ends it can give that back. */
  public void slot(int record, int slot) {
    INT.setVolatile(memory, table.at(record, RecordLayout.STATE_SLOT), slot + 1);
  }

  /** The slot noted in the record; -1 is none. */
  public int slot(int record) {
    return (int) INT.getVolatile(memory, table.at(record, RecordLayout.STATE_SLOT)) - 1;
  }

  /** Takes the slot out of the record, once: who gets it gives it back. -1 where there is none. */
  public int takeSlot(int record) {
    return (int) INT.getAndSet(memory, table.at(record, RecordLayout.STATE_SLOT), 0) - 1;
  }
}
