package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.SessionTable.Phase;

/** What one word says of a record. */
class RecordWordTest {

  private static final long SEED = Long.getLong("seed", System.nanoTime());

  @Test
  void shouldGiveBackEachPartWhateverTheOthersAre() {
    System.out.println("RecordWordTest: -Dseed=" + SEED);
    Random random = new Random(SEED);
    for (int round = 0; round < 10_000; round++) {
      int owner = random.nextInt(1 << 24);
      int generation = random.nextInt(1 << 24);
      Phase phase = Phase.values()[random.nextInt(Phase.values().length)];
      StageId stage = StageId.values()[random.nextInt(StageId.count())];
      int unwanted = random.nextInt(8);
      long word = RecordWord.of(owner, generation, phase, stage, unwanted);
      assertThat(RecordWord.owner(word)).isEqualTo(owner);
      assertThat(RecordWord.generation(word)).isEqualTo(generation);
      assertThat(RecordWord.phase(word)).isEqualTo(phase);
      assertThat(RecordWord.stage(word)).isEqualTo(stage);
      assertThat(RecordWord.unwanted(word)).isEqualTo(unwanted);
    }
  }

  @Test
  void shouldCountGenerationsRound() {
    long word = RecordWord.of(1, 1 << 24, Phase.HELD, StageId.IO, 0);
    assertThat(RecordWord.generation(word)).isZero();
    assertThat(RecordWord.isOf(word, 1 << 24)).isTrue();
    assertThat(RecordWord.owner(word)).isEqualTo(1);
  }

  /** A worker that was taken over may write anything. */
  @Test
  void shouldMeanSomethingWhateverIsWritten() {
    Random random = new Random(SEED);
    for (int round = 0; round < 10_000; round++) {
      long word = random.nextLong();
      assertThat(RecordWord.phase(word)).isNotNull();
      assertThat(RecordWord.stage(word)).isNotNull();
      assertThat(RecordWord.cause(RecordWord.unwanted(word))).isNotNull();
    }
    assertThat(RecordWord.phase(0xfL << 12)).isEqualTo(Phase.ENDING);
    assertThat(RecordWord.stage(0xfL << 8)).isEqualTo(StageId.IO);
    assertThat(RecordWord.stage(0)).isEqualTo(StageId.NEGOTIATE);
  }

  @Test
  void shouldSayHowAndWhyASessionIsToEnd() {
    assertThat(RecordWord.result(0)).isNull();
    assertThat(RecordWord.result(RecordWord.BLOCKED)).isEqualTo(Result.BLOCKED);
    assertThat(RecordWord.cause(RecordWord.BLOCKED)).isEqualTo(Cause.RECHECKED);
    assertThat(RecordWord.result(RecordWord.MEMBER_DOWN)).isEqualTo(Result.KILLED);
    assertThat(RecordWord.cause(RecordWord.MEMBER_DOWN)).isEqualTo(Cause.MEMBER_DOWN);
    int both = RecordWord.KILLED | RecordWord.BLOCKED;
    assertThat(RecordWord.result(both)).isEqualTo(Result.KILLED);
    assertThat(RecordWord.cause(both)).isEqualTo(Cause.OPERATOR);
  }
}
