package org.portbouncer.core.log;

import java.time.Instant;
import java.time.LocalDateTime;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.sys.SystemZone;

/**
 * What stands before a message on /dev/log, as syslog(3) of the C library writes it: {@code <30>Nov
 * 21 09:00:00 bouncer[1234]: }. That is RFC 3164 without the host, which a local daemon knows;
 * rsyslog, syslog-ng and journald all read it. The text of a second is made once. One thread.
 */
final class SyslogHead {

  private static final int DAEMON = 3 << 3;
  private static final int ERROR = DAEMON | 3;
  private static final int WARNING = DAEMON | 4;
  private static final int INFO = DAEMON | 6;

  private static final String[] MONTHS = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
  };

  private long second = Long.MIN_VALUE;
  private String text = "";

  /**
   * Puts it into the line.
   *
   * @param result how the session ended; null where it has not
   */
  void put(LineBuffer line, Result result, long wallMs, int pid) {
    long wanted = Math.floorDiv(wallMs, 1000L);
    if (wanted != second) {
      second = wanted;
      text =
          time(LocalDateTime.ofInstant(Instant.ofEpochSecond(wanted), SystemZone.current().id()));
    }
    line.put((byte) '<');
    line.put(priority(result));
    line.put((byte) '>');
    line.put(text);
    line.put(" bouncer[");
    line.put(pid);
    line.put("]: ");
  }

  /** What `journalctl -p warning` should show is what somebody should look at. */
  private static long priority(Result result) {
    if (result == Result.ERROR) {
      return ERROR;
    }
    return result == Result.NO_TARGET ? WARNING : INFO;
  }

  static String time(LocalDateTime local) {
    return "%s %2d %02d:%02d:%02d"
        .formatted(
            MONTHS[local.getMonthValue() - 1],
            local.getDayOfMonth(),
            local.getHour(),
            local.getMinute(),
            local.getSecond());
  }
}
