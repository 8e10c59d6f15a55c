package org.portbouncer.launcher.mother.launch;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.worker.ServerLog;
import org.portbouncer.launcher.log.WorkerLog;
import org.slf4j.LoggerFactory;

class WorkerVoiceTest {

  private static final long SECOND = 1_000_000_000;
  private static final ServerLog.Level WARN = ServerLog.Level.WARN;
  private static final ServerLog.Level ERROR = ServerLog.Level.ERROR;

  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger("org.portbouncer.worker.acl");
  private long now = 5 * SECOND;
  private final WorkerVoice voice = new WorkerVoice(new WorkerLog("acl", 0, 4711), now);

  @BeforeEach
  void listen() {
    logger.setAdditive(false);
    logger.setLevel(Level.DEBUG);
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void leave() {
    logger.detachAppender(lines);
    logger.setAdditive(true);
    logger.setLevel(null);
  }

  private void say(ServerLog.Level level, String text) {
    voice.said(level, text.getBytes(StandardCharsets.UTF_8), now);
  }

  private List<String> said() {
    return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void shouldWriteEverythingWhenAWorkerKeepsToWhatItMaySay() {
    // Two of its seconds that meet in one of ours, again and again.
    for (int second = 0; second < 20; second++) {
      now = (long) (5 + 2 * second) * SECOND;
      for (int twice = 0; twice < 2; twice++) {
        for (int i = 0; i <= ServerLog.PER_SECOND; i++) {
          say(WARN, "w".repeat(200));
          say(ERROR, "e".repeat(200));
        }
      }
    }
    assertThat(said()).hasSize(20 * 2 * 2 * (ServerLog.PER_SECOND + 1));
  }

  @Test
  void shouldLeaveOutAndCountWhenAWorkerFloods() {
    for (int i = 0; i < 100_000; i++) {
      now += SECOND / 50_000;
      say(WARN, "flood " + i);
    }
    say(ERROR, "there is room for an error");
    voice.sayLeftOut(now);
    List<String> said = said();
    List<String> notices = said.stream().filter(l -> l.startsWith("says too much: ")).toList();
    assertThat(said.size() - notices.size() - 1).isBetween(80, 85);
    assertThat(notices).hasSizeBetween(2, 3);
    assertThat(said).contains("there is room for an error");
    long leftOut = notices.stream().mapToLong(l -> Long.parseLong(l.replaceAll("\\D", ""))).sum();
    assertThat(leftOut + said.size() - notices.size()).isEqualTo(100_001);
  }

  @Test
  void shouldBoundBytesWhenAWorkerSaysLongLines() {
    for (int i = 0; i < 30; i++) {
      for (ServerLog.Level level : ServerLog.Level.values()) {
        say(level, "z".repeat(4_000));
      }
    }
    assertThat(said().stream().mapToInt(String::length).sum()).isBetween(50_000, 66_000);
    now += 10 * SECOND;
    lines.list.clear();
    say(WARN, "");
    assertThat(said()).contains("");
  }
}
