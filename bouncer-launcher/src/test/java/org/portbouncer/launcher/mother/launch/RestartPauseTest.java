package org.portbouncer.launcher.mother.launch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RestartPauseTest {
  private static final long MS = 1_000_000;

  private final RestartPause pauses = new RestartPause();

  @Test
  void shouldNeverWaitAfterOneThatHadServed() {
    for (int i = 0; i < 5; i++) {
      assertThat(pauses.after(true)).isZero();
    }
  }

  @Test
  void shouldWaitLongerEachTimeForThoseThatServedNobody() {
    long[] expected = {0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000};
    for (long ms : expected) {
      assertThat(pauses.after(false)).isEqualTo(ms * MS);
      assertThat(pauses.last()).isEqualTo(ms * MS);
    }
  }

  @Test
  void shouldBeginAnewOnceOneHasServed() {
    pauses.after(false);
    pauses.after(false);
    pauses.after(false);
    assertThat(pauses.after(true)).isZero();
    assertThat(pauses.after(false)).isEqualTo(100 * MS);
  }
}
