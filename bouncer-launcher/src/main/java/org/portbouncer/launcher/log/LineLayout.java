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
import org.slf4j.event.KeyValuePair;

/**
 * One line for each event of the mother's log: {@code 2026-11-21T09:00:00.123Z INFO mother[1234]
 * text}. What a worker said stands under the worker's name. A stack trace, shown from debug on
 * only, follows on lines of its own.
 */
final class LineLayout extends LayoutBase<ILoggingEvent> {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private final String mother = "mother[" + ProcessHandle.current().pid() + "]";

  @Override
  public String doLayout(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(128);
    TIME.formatTo(Instant.ofEpochMilli(event.getTimeStamp()), line);
    line.append(' ').append(padded(event.getLevel()));
    line.append(' ').append(source(event));
    line.append(' ').append(oneLine(event.getFormattedMessage()));
    appendThrowable(line, event);
    return line.append('\n').toString();
  }

  private static void appendThrowable(StringBuilder line, ILoggingEvent event) {
    IThrowableProxy throwable = event.getThrowableProxy();
    if (throwable == null) {
      return;
    }
    line.append(": ").append(oneLine(String.valueOf(throwable.getMessage())));
    if (LogSetup.showsStackTraces()) {
      line.append('\n').append(ThrowableProxyUtil.asString(throwable).stripTrailing());
    }
  }

  private String source(ILoggingEvent event) {
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    return pairs == null || !pairs.getFirst().key.equals(WorkerLog.SOURCE)
        ? mother
        : pairs.getFirst().value.toString();
  }

  private static String padded(Level level) {
    return level.toInt() == Level.INFO_INT || level.toInt() == Level.WARN_INT
        ? level + " "
        : level.toString();
  }

  /** Text from outside must not be able to forge a line. */
  private static String oneLine(String text) {
    return text.indexOf('\n') < 0 && text.indexOf('\r') < 0
        ? text
        : text.replace("\r", "\\r").replace("\n", "\\n");
  }
}
