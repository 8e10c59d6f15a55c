package org.portbouncer.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class EpochsTest {

  private final Epochs epochs = new Epochs();

  private static Epoch epoch(int number) {
    return new Epoch(number, null, null);
  }

  @Test
  void shouldForgetWhatIsNotRetained() {
    for (int i = 1; i <= 200; i++) {
      epochs.add(epoch(i));
    }
    epochs.retain(List.of(1, 7, 200)::contains);
    assertThat(epochs.get(1).number()).isEqualTo(1);
    assertThat(epochs.get(7).number()).isEqualTo(7);
    assertThat(epochs.get(8)).isNull();
    assertThat(epochs.newest().number()).isEqualTo(200);
    epochs.add(epoch(201));
    assertThat(epochs.newest().number()).isEqualTo(201);
  }
}
