package org.portbouncer.acl.acl;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.loop.Timers;

class ConnectLinesTest {

  private static final long SECOND = 1_000_000_000;

  private final Timers timers = new Timers();
  private final List<Long> told = new ArrayList<>();
  private final ConnectLines lines = new ConnectLines(timers, told::add);

  private int written(int asked, long now) {
    int written = 0;
    for (int i = 0; i < asked; i++) {
      written += lines.mayWrite(now) ? 1 : 0;
    }
    return written;
  }

  @Test
  void shouldLeaveOutWhatIsTooMuchInASecondAndSayHowMuch() {
    assertThat(written(1000, 5)).isEqualTo(ConnectLines.PER_SECOND);
    timers.expire(SECOND + 5);
    assertThat(told).containsExactly(900L);
    assertThat(written(3, SECOND + 6)).isEqualTo(3);
    timers.expire(3 * SECOND);
    assertThat(told).as("nothing more was left out").containsExactly(900L);
  }

  @Test
  void shouldSayNothingWhereAllWasWritten() {
    assertThat(written(ConnectLines.PER_SECOND, 0)).isEqualTo(ConnectLines.PER_SECOND);
    timers.expire(2 * SECOND);
    assertThat(told).isEmpty();
  }
}
