package org.portbouncer.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.Fields;
import org.portbouncer.core.control.Report;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;

class ServerLogTest {

  private static final long SECOND = 1_000_000_000;

  private final int[] pair = Descriptor.pair(Const.SOCK_SEQPACKET);
  private final ControlChannel mother = new ControlChannel(pair[0]);
  private final EventLoop loop = new EventLoop();
  private final ServerLog log = new ServerLog(new ControlChannel(pair[1]), loop);
  private final long now = loop.now();

  @AfterEach
  void close() {
    Descriptor.close(pair);
  }

  /** What the mother got since the last call, each as "level text". */
  private List<String> told() {
    List<String> told = new ArrayList<>();
    while (mother.receive() > 0) {
      assertThat(mother.code()).isEqualTo(Report.LOG.code());
      try {
        Fields fields = mother.fields();
        ServerLog.Level level = ServerLog.Level.withCode(fields.u8());
        told.add(level + " " + new String(fields.rest(9999), StandardCharsets.UTF_8));
      } catch (ControlException e) {
        throw new AssertionError(e);
      }
    }
    return told;
  }

  @Test
  void shouldLeaveErrorsTheirRoomWhereWarningsFlood() {
    for (int i = 0; i < 500; i++) {
      log.warn(now, "flood " + i);
    }
    log.error(now, "the one that matters");
    assertThat(told()).hasSize(21).last().isEqualTo("ERROR the one that matters");
  }

  @Test
  void shouldSayHowManyWereLeftOutAlsoWhereNothingFollows() {
    for (int i = 0; i < 25; i++) {
      log.warn(now, "flood");
      log.info(now, "chatter");
    }
    assertThat(told()).hasSize(40);
    loop.timers().expire(now + SECOND);
    assertThat(told())
        .containsExactly(
            "WARN 5 more messages were left out", "INFO 5 more messages were left out");
    loop.timers().expire(now + 5 * SECOND);
    assertThat(told()).isEmpty();
  }

  @Test
  void shouldHaveRoomAgainAfterASecond() {
    for (int i = 0; i < 20; i++) {
      log.warn(now, "first second");
    }
    loop.timers().expire(now + SECOND);
    log.warn(now + SECOND, "second second");
    assertThat(told()).hasSize(21).last().isEqualTo("WARN second second");
  }

  @Test
  void shouldSayWhatIsUnsaidWhereTheWorkerEnds() {
    for (int i = 0; i < 21; i++) {
      log.error(now, "flood");
    }
    log.close();
    assertThat(told()).last().isEqualTo("ERROR 1 more messages were left out");
  }
}
