package org.portbouncer.launcher.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class UpgradeViewTest {

  @Test
  void shouldTellHowLongSessionsStoodStill() {
    assertThat(UpgradeView.StoodStill.of()).isEqualTo(new UpgradeView.StoodStill(0, 0, 0));
    assertThat(UpgradeView.StoodStill.of(7)).isEqualTo(new UpgradeView.StoodStill(7, 7, 7));
    assertThat(
            UpgradeView.StoodStill.of(IntStream.rangeClosed(1, 1000).map(i -> 1001 - i).toArray()))
        .isEqualTo(new UpgradeView.StoodStill(500, 990, 1000));
  }
}
