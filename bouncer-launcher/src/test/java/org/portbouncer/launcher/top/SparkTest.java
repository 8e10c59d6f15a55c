package org.portbouncer.launcher.top;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SparkTest {

  @Test
  void shouldDrawEachStepAgainstTheGreatest() {
    assertThat(Spark.of(new double[] {0, 1, 50, 100}, 4, true)).isEqualTo("▁▂▅█");
    assertThat(Spark.of(new double[] {0, 1, 50, 100}, 4, false)).isEqualTo("_.=#");
  }

  @Test
  void shouldLeaveBlankWhatNobodySaw() {
    assertThat(Spark.of(new double[] {Double.NaN, 0, 7}, 3, true)).isEqualTo(" ▁█");
  }

  @Test
  void shouldTakeTheMeanWhereThereAreFewerColumns() {
    assertThat(Spark.of(new double[] {0, 0, 4, 8, 16, 8}, 3, true)).isEqualTo("▁▅█");
    assertThat(Spark.of(new double[] {Double.NaN, 3, 3, 3}, 2, true)).isEqualTo("██");
  }

  @Test
  void shouldDrawNothingWhereThereIsNoRoom() {
    assertThat(Spark.of(new double[] {1, 2}, 0, true)).isEmpty();
    assertThat(Spark.of(new double[] {1, 2}, 9, true)).hasSize(2);
  }
}
