package org.portbouncer.core.hop;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.sys.Native;

/**
 * Reads the sections of a session's state out of wherever they travel, into memory of its own:
 * those in a file or a slot can be written to by other processes, so what is checked is a copy. A
 * stage has one, and uses it for sessions that have sections alone. On the thread of its loop.
 */
public final class SectionReader {

  private MemorySegment memory = MemorySegment.NULL;
  private int length;

  /**
   * Reads them.
   *
   * @return false where they are not what the state says
   */
  public boolean read(Session session) {
    SessionState state = session.state();
    length = state.sections();
    if (length == 0) {
      return true;
    }
    if (memory.byteSize() == 0) {
      memory = Native.allocate(Sections.MOST);
    }
    boolean read = copy(session, state.padding());
    if (!read || !Sections.wellFormed(memory, 0, length)) {
      length = 0;
      return false;
    }
    return true;
  }

  private boolean copy(Session session, int behind) {
    if (session.transfer() == Mode.FILE_FD) {
      return StateFiles.readTail(session, memory.address(), behind, length) == length;
    }
    MemorySegment tail =
        MemorySegment.ofAddress(session.tailAddress()).reinterpret((long) behind + length);
    MemorySegment.copy(tail, behind, memory, 0, length);
    return true;
  }

  /** Where the bytes of the first section of a type begin in {@link #memory}; -1 for none. */
  public long find(Sections.Type type) {
    long at = Sections.find(memory, 0, length, type);
    return at < 0 ? -1 : at + Sections.HEAD;
  }

  /** How many bytes the section has that was found at {@code at}. */
  public int lengthOf(long at) {
    return Sections.length(memory, at - Sections.HEAD);
  }

  public MemorySegment memory() {
    return memory;
  }
}
