package org.portbouncer.launcher.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.LogSettings;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

class LogSetupTest {

  private final List<String> lines = new ArrayList<>();
  private final LineLayout layout = new LineLayout();
  private final Logger log = LoggerFactory.getLogger(LogSetupTest.class);

  private final AppenderBase<ILoggingEvent> collector =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          lines.add(layout.doLayout(event));
        }
      };

  private Appender<ILoggingEvent> console;

  private static ch.qos.logback.classic.Logger root() {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    return context.getLogger(Logger.ROOT_LOGGER_NAME);
  }

  @BeforeEach
  void collect() {
    level("info");
    collector.start();
    console = root().getAppender("stderr");
    assertThat(console).isNotNull();
    root()
        .detachAppender(
            console); // what is provoked here would look like trouble in the build's output
    root().addAppender(collector);
  }

  @AfterEach
  void restore() {
    root().detachAppender(collector);
    root().addAppender(console);
    level("info");
  }

  @Test
  void shouldWriteTimeLevelProcessAndText() {
    log.info("listening at {}", "127.0.0.1:80");
    assertThat(lines).hasSize(1);
    assertThat(lines.getFirst())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z INFO  mother\\[\\d+] .*\\R")
        .endsWith(" mother[" + ProcessHandle.current().pid() + "] listening at 127.0.0.1:80\n");
  }

  @Test
  void shouldNameTheWorkerThatSpoke() {
    new WorkerLog("io", 0, 4711).log(Level.WARN, "out of {} descriptors");
    assertThat(lines.getFirst()).endsWith("Z WARN  io/0[4711] out of {} descriptors\n");
  }

  @Test
  void shouldKeepTextFromOutsideOnOneLine() {
    log.error("bad name \"a\r\nforged\"");
    assertThat(lines.getFirst()).endsWith("bad name \"a\\r\\nforged\"\n").contains(" ERROR mother");
  }

  @Test
  void shouldChangeTheLevelWhileRunning() {
    log.debug("unseen");
    level("debug");
    log.debug("seen");
    level("error");
    log.warn("unseen again");
    assertThat(lines).hasSize(1);
    assertThat(lines.getFirst()).endsWith("seen\n");
  }

  @Test
  void shouldShowStackTracesFromDebugOn() {
    log.warn("cannot accept", new IllegalStateException("no room"));
    assertThat(lines.getLast()).endsWith("cannot accept: no room\n");
    level("debug");
    log.warn("cannot accept", new IllegalStateException("no room"));
    assertThat(lines.getLast()).contains("cannot accept: no room\n").contains("\tat ");
  }

  @Test
  void shouldLetAStageAndAPackageHaveLevelsOfTheirOwnUntilTheyChange() {
    Logger other = LoggerFactory.getLogger("org.portbouncer.launcher.mother.Some");
    WorkerLog io = new WorkerLog("io", 0, 1);
    WorkerLog acl = new WorkerLog("acl", 0, 2);
    Runnable all =
        () -> {
          io.log(Level.DEBUG, "io debug");
          acl.log(Level.DEBUG, "acl debug");
          acl.log(Level.WARN, "acl warn");
          log.info("log info");
          other.info("other info");
        };
    LogSetup.levels(
        new LogSettings(
            "warn",
            List.of(
                new LogSettings.NamedLevel("io", "debug"),
                new LogSettings.NamedLevel("acl", "error"),
                new LogSettings.NamedLevel("org.portbouncer.launcher.mother", "info")),
            null));
    all.run();
    assertThat(lines.stream().map(line -> line.replaceAll(".*] |\n", "")))
        .containsExactly("io debug", "other info");
    lines.clear();
    LogSetup.levels(
        new LogSettings("warn", List.of(new LogSettings.NamedLevel("acl", "debug")), null));
    all.run();
    assertThat(lines.stream().map(line -> line.replaceAll(".*] |\n", "")))
        .containsExactly("acl debug", "acl warn");
  }

  @Test
  void shouldBeginEveryLineWithItsPriorityAndNoTimeWhenTheJournalTakesThem() {
    LineLayout forJournal = new LineLayout(true);
    AppenderBase<ILoggingEvent> journal =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            lines.add(forJournal.doLayout(event));
          }
        };
    journal.start();
    root().detachAppender(collector);
    root().addAppender(journal);
    try {
      level("debug");
      log.debug("d");
      log.info("i");
      log.error("e", new IllegalStateException("no room"));
    } finally {
      root().detachAppender(journal);
    }
    assertThat(lines.get(0)).matches("<7>DEBUG mother\\[\\d+] d\n");
    assertThat(lines.get(1)).matches("<6>INFO  mother\\[\\d+] i\n");
    assertThat(lines.get(2).lines()).hasSizeGreaterThan(2).allMatch(line -> line.startsWith("<3>"));
  }

  private static void level(String level) {
    LogSetup.levels(new LogSettings(level, List.of(), null));
  }
}
