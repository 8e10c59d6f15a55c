package org.portbouncer.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.KeepAlive;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Sockets;

class UserTimeoutTest {

  private final int fd = Libc.socket(Const.AF_INET, Const.SOCK_STREAM | Const.SOCK_CLOEXEC, 0);

  @AfterEach
  void close() {
    Libc.close(fd);
  }

  @Test
  void shouldBeTheSystemsWhenNothingIsSet() {
    assertThat(UserTimeout.millis(new KeepAlive(0, 0, 0, KeepAlive.FOLLOWS), fd)).isZero();
  }

  @Test
  void shouldFollowKeepAliveWhenNotSet() {
    assertThat(UserTimeout.millis(new KeepAlive(60, 10, 6, KeepAlive.FOLLOWS), -1))
        .isEqualTo(120_000);
  }

  @Test
  void shouldCountWhatTheSystemHasWhenKeepAliveLeavesItOpen() {
    Sockets.set(fd, Const.IPPROTO_TCP, Const.TCP_KEEPINTVL, 7);
    Sockets.set(fd, Const.IPPROTO_TCP, Const.TCP_KEEPCNT, 3);
    assertThat(UserTimeout.millis(new KeepAlive(5, 0, 0, KeepAlive.FOLLOWS), fd)).isEqualTo(26_000);
  }

  @Test
  void shouldBeTheSystemsWhenKeepAliveTakesLongerThanTheKernelTries() {
    assertThat(UserTimeout.millis(new KeepAlive(7200, 75, 9, KeepAlive.FOLLOWS), fd)).isZero();
  }

  @Test
  void shouldBeWhatIsSetWhateverKeepAliveIs() {
    assertThat(UserTimeout.millis(new KeepAlive(60, 10, 6, 5_000), fd)).isEqualTo(5_000);
    assertThat(UserTimeout.millis(new KeepAlive(60, 10, 6, 0), fd)).isZero();
    assertThat(UserTimeout.millis(new KeepAlive(0, 0, 0, 3_600_000), fd)).isEqualTo(3_600_000);
  }
}
