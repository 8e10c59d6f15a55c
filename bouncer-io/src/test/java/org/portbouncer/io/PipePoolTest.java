package org.portbouncer.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;

class PipePoolTest {

  private final List<Integer> told = new ArrayList<>();
  private final List<Pipe> out = new ArrayList<>();
  private int makerSays;
  private int asked;
  private long now = -5;
  private PipePool pool;
  private Peer peer;

  @BeforeEach
  void open() throws Exception {
    peer = Peer.connect(Peer.Kind.UNIX, 1);
    pool =
        new PipePool(
            pair -> {
              asked++;
              return makerSays < 0 ? makerSays : Pipe.fromKernel(pair);
            },
            3,
            () -> now,
            (what, errno) -> told.add(errno));
  }

  @AfterEach
  void close() {
    out.forEach(Pipe::close);
    pool.trim();
    peer.close();
    Libc.close(peer.inner());
  }

  @Test
  void shouldGiveTheSamePipeAgainWhenItCameBackEmpty() {
    Pipe pipe = pool.obtain();
    pool.release(pipe);
    assertThat(pool.obtain()).isSameAs(pipe);
    out.add(pipe);
  }

  @Test
  void shouldNeverGiveAPipeAgainWhenItCameBackWithBytes() {
    Pipe pipe = pool.obtain();
    peer.stuff(peer, 0);
    assertThat(pipe.fill(peer.inner(), 1000)).isPositive();
    pool.release(pipe);
    assertThat(pool.open()).isZero();
    Pipe next = pool.obtain();
    out.add(next);
    assertThat(next).isNotSameAs(pipe);
    assertThat(next.isEmpty()).isTrue();
  }

  @Test
  void shouldNotAskAgainForAWhileWhenRefused() {
    makerSays = -Errno.EMFILE;
    for (int i = 0; i < 100; i++) {
      assertThat(pool.obtain()).isNull();
    }
    assertThat(asked).isOne();
    now += 1_000_000_001;
    assertThat(pool.obtain()).isNull();
    assertThat(asked).isEqualTo(2);
    assertThat(pool.refusals()).isEqualTo(2);
    assertThat(told).containsExactly(Errno.EMFILE);
    now += 1_000_000_001;
    makerSays = 0;
    out.add(pool.obtain());
    assertThat(out).doesNotContainNull();
    assertThat(pool.open()).isOne();
  }

  @Test
  void shouldGiveNoMoreThanItsMost() {
    for (int i = 0; i < 3; i++) {
      out.add(pool.obtain());
    }
    assertThat(out).doesNotContainNull();
    assertThat(pool.obtain()).isNull();
    assertThat(asked).isEqualTo(3);
    assertThat(pool.refusals()).isZero();
  }

  @Test
  void shouldGiveNoPipeAndKeepNoneWhenSpliceIsRefusedToTheProcess() {
    Pipe inUse = pool.obtain();
    pool.release(pool.obtain());
    pool.giveUp(Errno.EPERM);
    pool.giveUp(Errno.EPERM);
    assertThat(told).containsExactly(Errno.EPERM);
    assertThat(pool.obtain()).isNull();
    pool.release(inUse);
    assertThat(pool.open()).isZero();
    now += 1_000_000_001;
    assertThat(pool.obtain()).isNull();
  }
}
