package org.portbouncer.core.shared;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.SessionTable.Phase;

/**
 * The lives of the records of the {@link SessionTable}: whose each is and what is done with it,
 * from free to free again. What stands in the record besides is the table's.
 *
 * <p>The {@link RecordWord} is changed by compare-and-swap only, so that of two processes that want
 * to end a session (the worker that has it, the mother that cleans up) exactly one does. Nothing
 * here waits, and a process that dies between two steps leaves a word that says whose the record
 * was.
 */
public abstract sealed class RecordPhases permits SessionTable {

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  /** The table's memory, the free map first. */
  final MemorySegment memory;

  private final int capacity;
  private final long records;
  private final FreeMap freeMap;

  RecordPhases(MemorySegment memory, int capacity) {
    this.memory = memory;
    this.capacity = capacity;
    this.records = FreeMap.bytes(capacity);
    this.freeMap = new FreeMap(memory.asSlice(0, records), capacity);
  }

  final void initialize() {
    freeMap.initialize();
  }

  /** One bit per record, set where it is free; 64 records a word. */
  final long freeWord(int word) {
    return freeMap.word(word);
  }

  final FreeMap freeMap() {
    return freeMap;
  }

  /** How many records there are. */
  public final int capacity() {
    return capacity;
  }

  /** The table's memory, for what matches addresses where they stand. */
  public final MemorySegment memory() {
    return memory;
  }

  /** Where a field of a record lies in {@link #memory}. */
  final long at(int record, int offset) {
    return records + (long) record * RecordLayout.RECORD + offset;
  }

  private long word(int record) {
    return (long) LONG.getVolatile(memory, at(record, RecordLayout.WORD));
  }

  private boolean swap(int record, long from, long to) {
    return LONG.compareAndSet(memory, at(record, RecordLayout.WORD), from, to);
  }

  /** What is done with the record. */
  public final Phase phase(int record) {
    return RecordWord.phase(word(record));
  }

  /** Whether the record is a session's: from accept to its end. */
  public final boolean counts(int record) {
    Phase phase = phase(record);
    return phase != Phase.FREE && phase != Phase.OPEN;
  }

  /** The stage that has the session, or whose inbox does; the first while it is at none yet. */
  public final StageId stage(int record) {
    return RecordWord.stage(word(record));
  }

  /** The pid of the process that holds the session; 0 while it is queued. */
  public final int owner(int record) {
    return RecordWord.owner(word(record));
  }

  /** Which of the record's sessions it is. */
  public final int generation(int record) {
    return RecordWord.generation(word(record));
  }

  /** How the session is to end at once: as killed, as blocked; null where it may go on. */
  public final Result unwanted(int record) {
    return RecordWord.result(RecordWord.unwanted(word(record)));
  }

  /** Why; meaningful where {@link #unwanted} is. */
  public final Cause unwantedCause(int record) {
    return RecordWord.cause(RecordWord.unwanted(word(record)));
  }

  // Its life.

  /** Opens a record that the mother just took: it is hers until it is queued. */
  final void open(int record, int owner) {
    long word = word(record);
    LONG.setVolatile(
        memory,
        at(record, RecordLayout.WORD),
        RecordWord.of(owner, RecordWord.generation(word), Phase.OPEN, 0, 0));
  }

  /** Gives a record back that was opened for a client who did not come. */
  public final void abandon(int record) {
    free(record);
  }

  /** Says that a record opened by its owner is a session's now, which waits for its first stage. */
  final void opened(int record) {
    long word = word(record);
    LONG.setVolatile(
        memory,
        at(record, RecordLayout.WORD),
        RecordWord.of(
            RecordWord.owner(word), RecordWord.generation(word), Phase.HELD, StageId.FIRST, 0));
  }

  /**
   * Hands the session from the process that holds it to the inbox of a stage. Call it right before
   * sending: a receiver may be faster than the sender's next instruction, and until then the
   * session is the sender's, and ends with it.
   *
   * @return false where it is not the sender's any more
   */
  public final boolean queue(int record, int generation, int pid, StageId stage) {
    return pass(record, generation, pid, Phase.HELD, 0, Phase.QUEUED, stage);
  }

  /**
   * Takes back what could not be sent.
   *
   * @param stage the sender's own
   */
  public final void unqueue(int record, int generation, int pid, StageId stage) {
    pass(record, generation, 0, Phase.QUEUED, pid, Phase.HELD, stage);
  }

  private boolean pass(
      int record, int generation, int from, Phase phase, int to, Phase next, StageId stage) {
    while (true) {
      long word = word(record);
      if (RecordWord.phase(word) != phase
          || RecordWord.owner(word) != from
          || !RecordWord.isOf(word, generation)) {
        return false;
      }
      if (swap(
          record,
          word,
          RecordWord.of(to, generation, next, stage.code(), RecordWord.unwanted(word)))) {
        return true;
      }
    }
  }

  /** Whether this very session waits for this stage: sent, and not received. */
  public final boolean isQueued(int record, int generation, StageId stage) {
    long word = word(record);
    return RecordWord.phase(word) == Phase.QUEUED
        && RecordWord.stageCode(word) == stage.code()
        && RecordWord.generation(word) == generation;
  }

  /**
   * Takes a session over that came to a stage's inbox.
   *
   * @return false where the record is not this session's any more
   */
  final boolean take(int record, int generation, StageId stage, int pid) {
    while (true) {
      long word = word(record);
      if (RecordWord.phase(word) != Phase.QUEUED
          || RecordWord.generation(word) != generation
          || RecordWord.stageCode(word) != stage.code()) {
        return false;
      }
      if (swap(
          record,
          word,
          RecordWord.of(pid, generation, Phase.HELD, stage.code(), RecordWord.unwanted(word)))) {
        return true;
      }
    }
  }

  /**
   * Claims the end of a session.
   *
   * @param generation as the caller knows it
   * @return true for exactly one caller
   */
  public final boolean claimEnd(int record, int generation, int pid) {
    while (true) {
      long word = word(record);
      Phase phase = RecordWord.phase(word);
      if (RecordWord.generation(word) != generation
          || phase == Phase.FREE
          || phase == Phase.ENDING) {
        return false;
      }
      if (swap(
          record,
          word,
          RecordWord.of(pid, generation, Phase.ENDING, RecordWord.stageCode(word), 0))) {
        return true;
      }
    }
  }

  /**
   * Takes over a session that a process which died was holding, so that another can go on with it.
   *
   * @return false where the dead one was not holding it
   */
  public final boolean takeOver(int record, int deadPid, int pid) {
    while (true) {
      long word = word(record);
      if (RecordWord.phase(word) != Phase.HELD || RecordWord.owner(word) != deadPid) {
        return false;
      }
      int unwanted = RecordWord.unwanted(word);
      if (swap(
          record,
          word,
          RecordWord.of(
              pid,
              RecordWord.generation(word),
              Phase.HELD,
              RecordWord.stageCode(word),
              unwanted))) {
        return true;
      }
    }
  }

  /** Takes over the end that a process which died had begun. */
  public final boolean claimEndOf(int record, int deadPid, int pid) {
    long word = word(record);
    return RecordWord.phase(word) == Phase.ENDING
        && RecordWord.owner(word) == deadPid
        && swap(
            record,
            word,
            RecordWord.of(
                pid, RecordWord.generation(word), Phase.ENDING, RecordWord.stageCode(word), 0));
  }

  /**
   * Frees a record whose end the caller claimed. Its generation goes on, so that late words miss
   * it. The owner stays in the word, for {@link #reclaim}.
   */
  public final void free(int record) {
    markFree(record);
    freeMap.give(record);
  }

  /** The first half of {@link #free}; who dies after it leaves the other to {@link #reclaim}. */
  final void markFree(int record) {
    long word = word(record);
    LONG.setVolatile(
        memory,
        at(record, RecordLayout.WORD),
        RecordWord.of(RecordWord.owner(word), RecordWord.generation(word) + 1, Phase.FREE, 0, 0));
  }

  /** Frees a record for good that a process which died had half freed; in the mother. */
  public final void reclaim(int record, int deadPid) {
    long word = word(record);
    if (RecordWord.phase(word) == Phase.FREE
        && RecordWord.owner(word) == deadPid
        && !freeMap.isFree(record)) {
      freeMap.give(record);
    }
  }

  /**
   * Marks a session as one that is to end, by the operator's word or by newer rules. Whoever has
   * it, or gets it next, ends it.
   *
   * @param result KILLED or BLOCKED
   * @return false where it has ended or is ending
   */
  public final boolean requestEnd(int record, int generation, Result result) {
    return requestEnd(
        record, generation, result == Result.KILLED ? RecordWord.KILLED : RecordWord.BLOCKED);
  }

  /** The same, because its member is down. */
  public final boolean requestEndOfMember(int record, int generation) {
    return requestEnd(record, generation, RecordWord.MEMBER_DOWN);
  }

  private boolean requestEnd(int record, int generation, int bit) {
    while (true) {
      long word = word(record);
      Phase phase = RecordWord.phase(word);
      if (RecordWord.generation(word) != generation
          || phase == Phase.FREE
          || phase == Phase.ENDING) {
        return false;
      }
      if (swap(record, word, word | bit)) {
        return true;
      }
    }
  }
}
