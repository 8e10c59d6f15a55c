package org.portbouncer.core.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.sys.Errno;

class CauseTest {

  @Test
  void shouldHaveACodeOfItsOwnThatFitsAByte() {
    assertThat(Arrays.stream(Cause.values()).map(Cause::code)).doesNotHaveDuplicates();
    for (Cause cause : Cause.values()) {
      assertThat(cause.code()).isBetween(0, 255);
      assertThat(Cause.withCode(cause.code())).isEqualTo(cause);
    }
  }

  @Test
  void shouldTakeAnythingFromSharedMemory() {
    for (int code = 0; code < 256; code++) {
      for (int errno = 0; errno < 256; errno++) {
        assertThat(Cause.withCode(code).text(errno)).isNotNull();
      }
    }
  }

  @Test
  void shouldHaveWordsForEveryEndThatIsNotWell() {
    for (Result result : Result.values()) {
      for (Term term : Term.values()) {
        assertThat(Cause.usual(result, term).text(0).isEmpty())
            .as("%s %s", result, term)
            .isEqualTo(result == Result.OK);
      }
    }
  }

  @Test
  void shouldSayWhatConnectingMeansNotWhatTheNumberIsCalled() {
    assertThat(Cause.CONNECT.text(Errno.ECONNREFUSED)).isEqualTo("connection refused");
    assertThat(Cause.CONNECT.text(Errno.EADDRNOTAVAIL)).contains("no address of this machine");
    assertThat(Cause.ofLookup("the name is not known")).isEqualTo(Cause.NAME_UNKNOWN);
    assertThat(Cause.ofLookup("whatever")).isEqualTo(Cause.NAME_FAILED);
  }
}
