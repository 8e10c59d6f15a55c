package org.portbouncer.launcher.mother.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.loop.EventLoop;

/** When a server that follows another may say that it is ready. */
class PreparationTest {

  private final EventLoop loop = new EventLoop();
  private final Preparation preparation = new Preparation(loop);
  private int done;

  @AfterEach
  void close() {
    loop.close();
  }

  @Test
  void shouldGoOnAtOnceWhenThereIsNothingToWaitFor() {
    preparation.then(() -> done++);
    assertThat(done).isEqualTo(1);
  }

  @Test
  void shouldGoOnOnceWhenItIsOver() {
    preparation.begin();
    preparation.then(() -> done++);
    assertThat(done).isZero();
    preparation.end();
    preparation.end();
    assertThat(done).isEqualTo(1);
  }

  @Test
  void shouldGoOnAtOnceWhenItWasOverBefore() {
    preparation.begin();
    preparation.end();
    preparation.then(() -> done++);
    assertThat(done).isEqualTo(1);
  }

  @Test
  void shouldGoOnWhenRedisIsNotReachedInTime() {
    preparation.begin();
    preparation.then(() -> done++);
    preparation.expired(loop.now());
    assertThat(done).isEqualTo(1);
  }
}
