package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;

/**
 * One way of a session of a bandwidth class: takes from its bucket before anything is read, and
 * says how long to wait. In an io worker, on its loop's thread; used for one session after another.
 *
 * <p>A session has at most one piece taken at a time, so those that wait stand in line once each,
 * and every round of the line gives each of them a piece.
 */
public final class Throttle {

  /** {@link #take}: there is no limit. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  /** {@link #take}: bytes are there, but others wait for theirs: ask again after them. */
  public static final long AFTER_OTHERS = -1;

  /** The largest piece: what a pipe holds. */
  private static final long MOST_BYTES = 1 << 20;

  /** A waiting session may be woken so late, 1/8 s, and its bucket loses nothing. */
  private static final long LATENESSES_PER_SECOND = 8;

  /** What a rate lets through in so long, 1/10 s, may be owed for datagrams that have passed. */
  private static final long QUEUES_PER_SECOND = 10;

  private static final int IN_LINE = 1 << 31;

  private final BucketTable table;
  private final SessionTable sessions;
  private final int way;
  private final ClassClock clock;

  private int record = -1;
  private int place;
  private MemorySegment memory;
  private long line;

  /** Bytes that may be read; stands in the record too, for the case that this process dies. */
  private long granted;

  private boolean waiting;
  private long inLine;
  private long due;
  private long waitingSince;

  // When it stood in line: the class's terms, and those under which the line was formed.
  private int version;
  private int formed;

  /** What was granted after a wait has all been read: the source would have given it in time. */
  private boolean late;

  private boolean grantedThisTurn;

  /**
   * Throttles one way.
   *
   * @param way one of {@link Way}
   */
  public Throttle(BucketTable table, int way) {
    this.table = table;
    this.sessions = table.sessions();
    this.way = way;
    this.clock = new ClassClock(table.classes(), way);
  }

  /**
   * Begins with a session, which has got its bucket.
   *
   * @param place its class's
   */
  public void open(int record, int place) {
    this.record = record;
    this.place = place;
    clock.open(place);
    memory = table.lineMemory(record);
    line = table.line(record, way);
    granted = 0;
    waiting = false;
    late = false;
    grantedThisTurn = false;
  }

  /**
   * What may be read now.
   *
   * @param now CLOCK_MONOTONIC ns
   * @return bytes, taken from the bucket; {@link #UNLIMITED}; {@link #AFTER_OTHERS}; or 0: it must
   *     {@link #await} its turn, or waits for it already
   */
  public long take(long now) {
    ClassTerms terms = table.terms(place);
    if (waiting && !turnHasCome(terms, now)) {
      return 0;
    }
    if (terms.rate(way) == 0) {
      drop();
      return UNLIMITED;
    }
    if (granted == 0) {
      long bytes = Line.takeNow(memory, line, clock.at(terms, now, credit(terms)), piece(terms));
      if (bytes == 0) {
        return 0;
      }
      granted = bytes;
      note();
      if (grantedThisTurn && Line.waiting(memory, line) > 0) {
        drop();
        return AFTER_OTHERS;
      }
    }
    grantedThisTurn = true;
    return granted;
  }

  /**
   * Ends the wait where it is over, or where the class has changed and the line was cut, or where
   * there is no limit any more: then its clock stands still.
   */
  private boolean turnHasCome(ClassTerms terms, long now) {
    long promised = promised(terms, now);
    if (promised == inLine && terms.rate(way) > 0 && terms.served(way, now) - due < 0) {
      return false;
    }
    endWait(now);
    granted = promised;
    late = true;
    note();
    return true;
  }

  /**
   * What of the piece it stands in line for is still promised: all of it, or, where the line was
   * cut since then, what lies before the cut. Whoever would wait for long leaves a line that is
   * not: those who stood before it have left theirs, and the line does not know who is last.
   */
  private long promised(ClassTerms terms, long now) {
    if (terms.version() == version) {
      return inLine;
    }
    clock.at(terms, now, 0);
    Line.renew(memory, line, clock);
    long begin = due - inLine;
    int present = Line.formed(memory, line);
    if (present != formed) {
      // Who has missed a change does not know where the line was cut.
      boolean knows = terms.version() - version == 1 && Line.isOf(present, terms);
      return knows ? Math.clamp(terms.begun(way) - begin, 0, inLine) : 0;
    }
    if (!Line.isLong(due, clock)) {
      return inLine;
    }
    long reached = Math.clamp(clock.served() - begin, 0, inLine);
    Line.giveBack(memory, line, inLine - reached);
    return reached;
  }

  private void endWait(long now) {
    waiting = false;
    Line.waiting(memory, line, -1);
    long waited = Math.max(0, now - waitingSince);
    sessions.addThrottled(record, waited);
    table.classes().addThrottled(place, way, waited);
  }

  /** Says in the record what is taken, so that whoever ends the session can give it back. */
  private void note() {
    sessions.taken(record, way, waiting ? (int) inLine | IN_LINE : (int) granted);
  }

  /**
   * Asks whether a datagram may pass, which waits for nothing: it may where its class's rate has
   * let through, or within a tenth of a second will have, all that passed before it, and it.
   */
  public boolean police(long bytes, long now) {
    ClassTerms terms = table.terms(place);
    long rate = terms.rate(way);
    return rate == 0
        || Line.takeAhead(
            memory, line, clock.at(terms, now, terms.burst(way)), bytes, rate / QUEUES_PER_SECOND);
  }

  /** Stands in line for the next piece; call it where {@link #take} said 0 and bytes are there. */
  public void await(long now) {
    ClassTerms terms = table.terms(place);
    inLine = piece(terms);
    clock.at(terms, now, credit(terms));
    Line.renew(memory, line, clock);
    // Before it stands in line: so of a line that is cut meanwhile it claims nothing.
    formed = Line.formed(memory, line);
    version = terms.version();
    due = Line.takeNext(memory, line, clock, inLine);
    late = false;
    waiting = true;
    waitingSince = now;
    note();
    Line.waiting(memory, line, 1);
  }

  /** What it stands in line for, bytes; only while it waits. */
  public long awaited() {
    return inLine;
  }

  /** Whether it stands in line. */
  public boolean waiting() {
    return waiting;
  }

  /** When its turn comes, CLOCK_MONOTONIC ns; only while it waits. */
  public long due() {
    ClassTerms terms = table.terms(place);
    // The limit may be lifted by another process at any moment, also since this turn looked.
    return terms.rate(way) == 0 ? waitingSince : terms.reaches(way, due);
  }

  /** So many bytes were read of what {@link #take} allowed. */
  public void read(long bytes) {
    if (granted > 0) {
      granted = Math.max(0, granted - bytes);
      note();
    }
  }

  /**
   * The flow's turn is over.
   *
   * @param more whether it goes on in the next; if not, what is left is given back
   */
  public void endTurn(boolean more) {
    grantedThisTurn = false;
    if (!more) {
      late = false;
      drop();
    }
  }

  /** Ends it for this session: leaves the line, gives everything back. */
  public void end(long now) {
    if (record < 0) {
      return;
    }
    if (waiting) {
      granted = promised(table.terms(place), now);
      endWait(now);
    }
    endTurn(false);
    record = -1;
  }

  private void drop() {
    if (granted > 0) {
      Line.giveBack(memory, line, granted);
      granted = 0;
      note();
    }
  }

  private long credit(ClassTerms terms) {
    long burst = terms.burst(way);
    return late ? Math.max(burst, lateness(terms.rate(way))) : burst;
  }

  /** What a rate lets through while a waiting session may be late. */
  static long lateness(long rate) {
    return rate / LATENESSES_PER_SECOND;
  }

  private long piece(ClassTerms terms) {
    return Math.min(terms.piece(way, Line.waiting(memory, line)), MOST_BYTES);
  }
}
