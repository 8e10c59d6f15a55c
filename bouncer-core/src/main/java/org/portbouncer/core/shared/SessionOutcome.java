package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;

/**
 * How a session ends and why: one word of its record in the {@link SessionTable}, so that who
 * finishes the end of a process that died knows what it had begun. Written by whoever has the
 * session and ends it; whatever stands there means something.
 *
 * <pre>
 *   errno 8 | cause 8 | term 8 | result 8   (high to low), the codes; result 0 while it lives
 * </pre>
 */
public final class SessionOutcome {

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private static final int TERM_SHIFT = 8;
  private static final int CAUSE_SHIFT = 16;
  private static final int ERRNO_SHIFT = 24;
  private static final int MASK = 0xff;

  /** What {@link #ended} says; the rest is {@link #because}'s. */
  private static final int RESULT_AND_TERM = MASK << TERM_SHIFT | MASK;

  private final SessionTable table;
  private final MemorySegment memory;

  SessionOutcome(SessionTable table) {
    this.table = table;
    this.memory = table.memory();
  }

  private long at(int record) {
    return table.at(record, RecordLayout.OUTCOME);
  }

  private int word(int record) {
    return (int) INT.getVolatile(memory, at(record));
  }

  /** For a new session. */
  void clear(int record) {
    INT.setOpaque(memory, at(record), 0);
  }

  /** Says how the session ended, so that who finishes the end of a process that died knows. */
  public void ended(int record, Result result, Term term) {
    int cause = word(record) & ~RESULT_AND_TERM;
    INT.setVolatile(memory, at(record), cause | term.code() << TERM_SHIFT | result.code());
  }

  /** How the session ended; null where that was not said yet. */
  public Result result(int record) {
    return Result.withCode(word(record) & MASK);
  }

  /** Who ended the session and when; meaningful where {@link #result} is. */
  public Term term(int record) {
    Term said = Term.withCode(word(record) >>> TERM_SHIFT & MASK);
    return said == null ? Term.INTERNAL_DATA : said;
  }

  /**
   * Says why the session is about to end, where its result and term do not; whoever holds it, right
   * before it ends it.
   *
   * @param errno what the system said, below 256; 0 for nothing
   */
  public void because(int record, Cause cause, int errno) {
    int word = (errno & MASK) << ERRNO_SHIFT | cause.code() << CAUSE_SHIFT;
    INT.setVolatile(memory, at(record), word);
  }

  /** Why the session ended so; meaningful where {@link #result} is. */
  public Cause cause(int record) {
    Cause said = Cause.withCode(word(record) >>> CAUSE_SHIFT & MASK);
    Result result = result(record);
    return said == Cause.UNSAID && result != null ? Cause.usual(result, term(record)) : said;
  }

  /** What the system said to it; 0 for nothing. */
  public int errno(int record) {
    return word(record) >>> ERRNO_SHIFT;
  }
}
