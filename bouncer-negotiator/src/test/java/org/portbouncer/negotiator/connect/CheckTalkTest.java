package org.portbouncer.negotiator.connect;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.TargetGroup.Check;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.negotiator.connect.CheckTalk.Heard;

/** What a check says to a member and makes of its answer; the member is the test. */
class CheckTalkTest {

  private static final Check CHECK =
      new Check(Check.Type.EXPECT, 1000, 1000, 1, 1, "PING\r\n", "+PONG", 0);

  private final MemorySegment buffer = Native.allocate(8192);
  private int[] pair;
  private CheckTalk talk;

  @BeforeEach
  void open() {
    connect(Const.SOCK_STREAM);
  }

  private void connect(int type) {
    close();
    pair = Sockets.pair(type);
    talk = new CheckTalk(CHECK, type == Const.SOCK_DGRAM);
  }

  @AfterEach
  void close() {
    if (pair != null) {
      Libc.close(pair[0]);
      Libc.close(pair[1]);
      pair = null;
    }
  }

  private void answer(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    MemorySegment.copy(bytes, 0, buffer, JAVA_BYTE, 0, bytes.length);
    assertThat(Libc.send(pair[1], buffer.address(), bytes.length, 0)).isEqualTo(bytes.length);
  }

  @Test
  void shouldSayWhatTheCheckSays() {
    assertThat(talk.say(pair[0])).isZero();
    int read = (int) Libc.read(pair[1], buffer.address(), 100);
    assertThat(buffer.asSlice(0, read).toArray(JAVA_BYTE))
        .isEqualTo("PING\r\n".getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void shouldSayWhyNotWhenTheMemberHasGone() {
    Libc.shutdown(pair[1], Const.SHUT_RDWR);
    assertThat(talk.say(pair[0])).isEqualTo(Errno.EPIPE);
  }

  @Test
  void shouldHearTheExpectedWhenItComesInPieces() {
    assertThat(talk.hear(pair[0])).isEqualTo(Heard.NOTHING);
    answer("hello +PO");
    assertThat(talk.hear(pair[0])).isEqualTo(Heard.PART);
    assertThat(talk.heardOther()).isTrue();
    answer("NG\r\n");
    assertThat(talk.hear(pair[0])).isEqualTo(Heard.EXPECTED);
  }

  @Test
  void shouldForgetWhatWasHeardBefore() {
    answer("+PO");
    assertThat(talk.hear(pair[0])).isEqualTo(Heard.PART);
    talk.clear();
    assertThat(talk.heardOther()).isFalse();
    answer("NG");
    assertThat(talk.hear(pair[0])).isEqualTo(Heard.PART);
  }

  @Test
  void shouldGiveUpWhenTheAnswerEndsOrIsTooLong() {
    answer("-ERR");
    assertThat(talk.hear(pair[0])).isEqualTo(Heard.PART);
    Libc.shutdown(pair[1], Const.SHUT_WR);
    assertThat(talk.hear(pair[0])).isEqualTo(Heard.OTHER);
    connect(Const.SOCK_STREAM);
    answer("x".repeat(5000));
    assertThat(talk.hear(pair[0])).isEqualTo(Heard.OTHER);
  }

  /** Half an answer in one datagram and half in the next are none. */
  @Test
  void shouldTakeEachDatagramForAnAnswerOfItsOwn() {
    connect(Const.SOCK_DGRAM);
    answer("+PO");
    answer("NG");
    answer("+PONG");
    assertThat(talk.hear(pair[0])).isEqualTo(Heard.PART);
    assertThat(talk.hear(pair[0])).isEqualTo(Heard.PART);
    assertThat(talk.hear(pair[0])).isEqualTo(Heard.EXPECTED);
  }
}
