package org.portbouncer.io;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.hop.SectionReader;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Sections;

/**
 * What a stream's target gets before all else: the PROXY header that connect made, where it left it
 * to io to send. One for all sessions of an io worker, each in its turn; on the thread of its loop.
 */
final class StreamGreeting {

  private final SectionReader sections = new SectionReader();
  private long at;
  private int length;

  /**
   * Reads a session's.
   *
   * @return false where that came damaged
   */
  boolean read(Session session) {
    length = 0;
    if (session.state().sections() == 0) {
      return true;
    }
    if (!sections.read(session)) {
      return false;
    }
    at = sections.find(Sections.Type.PROXY_HEADER);
    length = at < 0 ? 0 : sections.lengthOf(at);
    return length <= Sections.LONGEST_LEAD;
  }

  MemorySegment memory() {
    return sections.memory();
  }

  long at() {
    return at;
  }

  /** 0 where there is none. */
  int length() {
    return length;
  }
}
