package org.portbouncer.launcher.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.portbouncer.core.sys.Printable;
import org.slf4j.event.KeyValuePair;

/**
 * One line for each event of the mother's log: {@code 2026-11-21T09:00:00.123Z INFO mother[1234]
 * text}. What a worker said stands under the worker's name. A stack trace, shown from debug on
 * only, follows on lines of its own. Text from outside cannot forge a line. For the {@link Journal}
 * every line begins with its priority in place of the time.
 */
final class LineLayout extends LayoutBase<ILoggingEvent> {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private static final String MOTHER = "mother[" + ProcessHandle.current().pid() + "]";

  private static final boolean JOURNAL = Journal.takesStderr();

  private final boolean journal;

  LineLayout() {
    this(JOURNAL);
  }

  LineLayout(boolean journal) {
    this.journal = journal;
  }

  /** A warning of the mother's own, as a line with its end; for what cannot go through the log. */
  static String warning(String text) {
    return line(JOURNAL, System.currentTimeMillis(), Level.WARN, MOTHER, text)
        .append('\n')
        .toString();
  }

  @Override
  public String doLayout(ILoggingEvent event) {
    StringBuilder line =
        line(
            journal,
            event.getTimeStamp(),
            event.getLevel(),
            source(event),
            event.getFormattedMessage());
    appendThrowable(line, event);
    return line.append('\n').toString();
  }

  private static StringBuilder line(
      boolean journal, long time, Level level, String source, String text) {
    StringBuilder line = new StringBuilder(128);
    if (journal) {
      line.append(Journal.priority(level));
    } else {
      TIME.formatTo(Instant.ofEpochMilli(time), line);
      line.append(' ');
    }
    line.append(padded(level));
    line.append(' ').append(source);
    return line.append(' ').append(Printable.of(text));
  }

  private void appendThrowable(StringBuilder line, ILoggingEvent event) {
    IThrowableProxy throwable = event.getThrowableProxy();
    if (throwable == null) {
      return;
    }
    line.append(": ").append(Printable.of(String.valueOf(throwable.getMessage())));
    if (LogSetup.showsStackTraces()) {
      String begin = journal ? "\n" + Journal.priority(event.getLevel()) : "\n";
      ThrowableProxyUtil.asString(throwable).lines().forEach(one -> line.append(begin).append(one));
    }
  }

  private static String source(ILoggingEvent event) {
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    return pairs == null || !pairs.getFirst().key.equals(WorkerLog.SOURCE)
        ? MOTHER
        : pairs.getFirst().value.toString();
  }

  private static String padded(Level level) {
    return level.toInt() == Level.INFO_INT || level.toInt() == Level.WARN_INT
        ? level + " "
        : level.toString();
  }
}
