package org.portbouncer.core.shared;

import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.SessionTable.Phase;

/**
 * The word that a record of the {@link SessionTable} begins with: whose it is, which of the
 * record's sessions, what is done with it, where, and whether it is to end. In every process;
 * static, because it is a long.
 *
 * <pre>
 *   owner pid 24 | generation 24 | phase 4 | stage 4 | unwanted 8   (high to low)
 * </pre>
 *
 * Of phase and stage it has the code; stage 0 while it is at none.
 */
final class RecordWord {

  /** Why a session is to end: bits of unwanted. */
  static final int KILLED = 1;

  static final int BLOCKED = 2;
  static final int MEMBER_DOWN = 4;

  /** Generations go round. */
  private static final int GENERATION_MASK = 0xff_ffff;

  private static final int OWNER_SHIFT = 40;
  private static final int GENERATION_SHIFT = 16;
  private static final int PHASE_SHIFT = 12;
  private static final int STAGE_SHIFT = 8;
  private static final int CODE_MASK = 0xf;
  private static final int UNWANTED_MASK = 0xff;

  private RecordWord() {}

  /** The word of a record at a stage. */
  static long of(int owner, int generation, Phase phase, StageId stage, int unwanted) {
    return of(owner, generation, phase, stage.code(), unwanted);
  }

  /**
   * The word of a record.
   *
   * @param stage the code of one; 0 for none
   */
  static long of(int owner, int generation, Phase phase, int stage, int unwanted) {
    return (long) owner << OWNER_SHIFT
        | (long) (generation & GENERATION_MASK) << GENERATION_SHIFT
        | (long) phase.code() << PHASE_SHIFT
        | (long) stage << STAGE_SHIFT
        | unwanted;
  }

  static int owner(long word) {
    return (int) (word >>> OWNER_SHIFT);
  }

  static int generation(long word) {
    return (int) (word >>> GENERATION_SHIFT) & GENERATION_MASK;
  }

  /** Whether it is of this generation, however far that was counted. */
  static boolean isOf(long word, int generation) {
    return generation(word) == (generation & GENERATION_MASK);
  }

  static Phase phase(long word) {
    return Phase.withBits((int) (word >>> PHASE_SHIFT) & CODE_MASK);
  }

  /** The code of the stage; 0 for none. */
  static int stageCode(long word) {
    return (int) (word >>> STAGE_SHIFT) & CODE_MASK;
  }

  /** The stage; the first where it says none, the last where it says what is none. */
  static StageId stage(long word) {
    int code = stageCode(word);
    StageId stage = code == 0 ? StageId.FIRST : StageId.withCode(code);
    return stage == null ? StageId.LAST : stage;
  }

  /** The bits that say why it is to end; 0 where it may go on. */
  static int unwanted(long word) {
    return (int) word & UNWANTED_MASK;
  }

  /** How a session with these bits ends; null where it may go on. */
  static Result result(int unwanted) {
    if (unwanted == 0) {
      return null;
    }
    return (unwanted & (KILLED | MEMBER_DOWN)) != 0 ? Result.KILLED : Result.BLOCKED;
  }

  /** Why; meaningful where {@link #result} is. */
  static Cause cause(int unwanted) {
    if ((unwanted & KILLED) != 0) {
      return Cause.OPERATOR;
    }
    return (unwanted & BLOCKED) != 0 ? Cause.RECHECKED : Cause.MEMBER_DOWN;
  }
}
