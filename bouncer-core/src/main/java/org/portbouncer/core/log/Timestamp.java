package org.portbouncer.core.log;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * Wall-clock times as `2026-11-21T08:00:00.123Z`; the text of a second is made once. One thread.
 */
final class Timestamp {

  private static final DateTimeFormatter SECOND =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.").withZone(ZoneOffset.UTC);

  private long second = Long.MIN_VALUE;
  private String text = "";

  void put(LineBuffer line, long wallMs) {
    long wanted = Math.floorDiv(wallMs, 1000L);
    if (wanted != second) {
      second = wanted;
      text = SECOND.format(Instant.ofEpochSecond(wanted));
    }
    int ms = (int) Math.floorMod(wallMs, 1000L);
    line.put(text);
    line.put((byte) ('0' + ms / 100));
    line.put((byte) ('0' + ms / 10 % 10));
    line.put((byte) ('0' + ms % 10));
    line.put((byte) 'Z');
  }
}
