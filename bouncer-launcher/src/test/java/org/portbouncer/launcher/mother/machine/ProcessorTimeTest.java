package org.portbouncer.launcher.mother.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.portbouncer.launcher.mother.machine.ProcessorTime.OfThread;

class ProcessorTimeTest {

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private static final OfThread LOOP = new OfThread(true, false, 7 * SECOND, 3 * SECOND, 50);
  private static final OfThread OTHER = new OfThread(false, true, SECOND, 0, 9);

  private static OfThread later(OfThread thread, boolean ready, long ran, long waited, int turns) {
    return new OfThread(
        thread.loop(), ready, thread.ran() + ran, thread.waited() + waited, thread.turns() + turns);
  }

  private static boolean starved(OfThread loop, OfThread other) {
    ProcessorTime then = new ProcessorTime(Map.of("1", LOOP, "2", OTHER));
    return new ProcessorTime(Map.of("1", loop, "2", other)).starvedSince(then, 4 * SECOND);
  }

  @Test
  void shouldCallALoopStarvedThatWaitedForAProcessorMostOfTheTime() {
    OfThread idle = later(OTHER, false, 0, 0, 1);
    assertThat(starved(later(LOOP, true, SECOND / 10, 3 * SECOND, 3), idle)).isTrue();
  }

  @Test
  void shouldCallALoopStarvedThatWaitsForAThreadWithoutAProcessor() {
    OfThread asleep = later(LOOP, false, 0, 0, 0);
    assertThat(starved(asleep, later(OTHER, true, 0, 0, 0))).as("no turn at all").isTrue();
    assertThat(starved(asleep, later(OTHER, false, 1, 3 * SECOND, 2))).isTrue();
  }

  @Test
  void shouldNotCallOneStarvedThatSleptOrRanByItself() {
    OfThread idle = later(OTHER, false, 0, 0, 1);
    OfThread asleep = later(LOOP, false, 0, 0, 0);
    assertThat(starved(asleep, idle)).as("asleep, or stopped").isFalse();
    assertThat(starved(later(LOOP, true, 4 * SECOND, 0, 0), idle)).as("runs").isFalse();
    OfThread oneOfFour = later(LOOP, true, SECOND, 3 * SECOND, 99);
    assertThat(starved(oneOfFour, idle)).as("one of four that run all the time").isFalse();
    assertThat(starved(asleep, later(OTHER, true, 0, 0, 3))).as("awake now and then").isFalse();
  }

  @Test
  void shouldKnowNothingOfAProcessThatIsNotThere() {
    ProcessorTime nothing = ProcessorTime.of(0);
    assertThat(nothing.threads()).isEmpty();
    assertThat(nothing.starvedSince(nothing, SECOND)).isFalse();
  }

  @Test
  void shouldSeeTheThreadsOfThisProcess() {
    ProcessorTime own = ProcessorTime.of(ProcessHandle.current().pid());
    assertThat(own.threads().values()).anyMatch(OfThread::ready).anyMatch(one -> one.ran() > 0);
  }
}
