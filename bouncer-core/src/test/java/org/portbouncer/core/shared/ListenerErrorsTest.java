package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.session.Cause;

class ListenerErrorsTest {

  private final ListenerErrors errors =
      new ListenerErrors(Arena.ofAuto().allocate(ListenerErrors.BYTES, 64));

  @Test
  void shouldCountAFailureUntilAnotherOneComes() {
    assertThat(errors.get(3)).isNull();
    errors.add(3, Cause.CONNECT, 111, 1000);
    errors.add(3, Cause.CONNECT, 111, 2000);
    assertThat(errors.get(3)).isEqualTo(new ListenerErrors.Seen(Cause.CONNECT, 111, 1000, 2000, 2));
    errors.add(3, Cause.CONNECT, 113, 3000);
    assertThat(errors.get(3)).isEqualTo(new ListenerErrors.Seen(Cause.CONNECT, 113, 3000, 3000, 1));
    assertThat(errors.get(2)).isNull();
    errors.clear(3);
    assertThat(errors.get(3)).isNull();
  }
}
