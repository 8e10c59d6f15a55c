package org.portbouncer.negotiator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.Test;

/** The words for what is wrong with Redis, which others go on with. */
class TroubleTest {

  @Test
  void shouldEndWithoutAFullStopWhenRedisSaysASentence() {
    assertThat(
            Trouble.words(
                new RedisException(
                    "OOM command not allowed when used memory > 'maxmemory'. script:"
                        + " 5d6e1f2a3b4c5d6e7f8091a2b3c4d5e6f7081920, on @user_script:12.")))
        .isEqualTo("Redis is full: OOM command not allowed when used memory > 'maxmemory'");
    assertThat(Trouble.words(new RedisException("LOADING Redis is loading the dataset in memory.")))
        .isEqualTo(
            "Redis is still loading its data: LOADING Redis is loading the dataset in memory");
    assertThat(Trouble.words(new IOException("a reply of no kind..."))).endsWith("no kind");
  }

  @Test
  void shouldSayWhatAnErrorMeansWhenItIsKnown() {
    assertThat(Trouble.words(new RedisException("WRONGPASS invalid username-password pair")))
        .isEqualTo("Redis refuses the user or the token: WRONGPASS invalid username-password pair");
    assertThat(Trouble.words(new RedisException("ERR AUTH <password> called without any password")))
        .startsWith("Redis has no password, and is told one: ");
    assertThat(Trouble.words(new RedisException("ERR unknown command")))
        .isEqualTo("Redis refuses: ERR unknown command");
    assertThat(Trouble.words(new SocketTimeoutException("Read timed out")))
        .isEqualTo("Redis does not answer in time");
    assertThat(Trouble.words(new ConnectException("Connection refused")))
        .isEqualTo("Redis cannot be connected: Connection refused");
  }
}
