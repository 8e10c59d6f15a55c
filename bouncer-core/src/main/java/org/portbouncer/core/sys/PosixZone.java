package org.portbouncer.core.sys;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.TemporalAdjusters;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A time zone as POSIX writes it in TZ, and zone files at their end: {@code CET-1CEST,M3.5.0,
 * M10.5.0/3} (environ(7), RFC 8536 3.3.1). Runs where schedules are read.
 */
final class PosixZone {

  private static final String NAME = "(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)";
  private static final String TIME = "([+-]?\\d{1,3}(?::\\d{1,2}(?::\\d{1,2})?)?)";
  private static final String DAY = "(J\\d{1,3}|\\d{1,3}|M\\d{1,2}\\.\\d\\.\\d)(?:/" + TIME + ")?";
  private static final Pattern FORM =
      Pattern.compile(NAME + TIME + "(?:" + NAME + TIME + "?(?:," + DAY + "," + DAY + ")?)?");

  private static final int HOUR = 3600;
  private static final String TWO = "2";

  /** What POSIX leaves open, and the C library takes: the rules of the United States. */
  private static final String[] STANDARD_RULES = {"M3.2.0", "M11.1.0"};

  /** Seconds east of Greenwich. */
  private final int standard;

  private final int summer;
  private final Change begin;
  private final Change end;

  /** When in a year the clock changes. */
  private record Change(String day, int seconds) {

    LocalDateTime in(int year) {
      LocalDate date;
      if (day.charAt(0) == 'M') {
        String[] parts = day.substring(1).split("[.]", -1);
        int week = Integer.parseInt(parts[1]);
        DayOfWeek weekday = DayOfWeek.SUNDAY.plus(Integer.parseInt(parts[2]));
        date =
            LocalDate.of(year, Integer.parseInt(parts[0]), 1)
                .with(TemporalAdjusters.dayOfWeekInMonth(week == 5 ? -1 : week, weekday));
      } else if (day.charAt(0) == 'J') {
        // From 1; the 29th of February is not counted.
        int number = Integer.parseInt(day.substring(1));
        date = LocalDate.of(2001, 1, 1).plusDays(number - 1L).withYear(year);
      } else {
        date = LocalDate.of(year, 1, 1).plusDays(Integer.parseInt(day));
      }
      return date.atStartOfDay().plusSeconds(seconds);
    }
  }

  private PosixZone(int standard, int summer, Change begin, Change end) {
    this.standard = standard;
    this.summer = summer;
    this.begin = begin;
    this.end = end;
  }

  /** The zone; null where the text has another form. */
  static PosixZone parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      return null;
    }
    int standard = -seconds(form.group(1));
    boolean changes = text.replaceFirst(NAME + TIME, "").matches(NAME + ".*");
    if (!changes) {
      return new PosixZone(standard, standard, null, null);
    }
    int summer = form.group(2) == null ? standard + HOUR : -seconds(form.group(2));
    return new PosixZone(
        standard,
        summer,
        change(form.group(3), form.group(4), STANDARD_RULES[0]),
        change(form.group(5), form.group(6), STANDARD_RULES[1]));
  }

  private static Change change(String day, String time, String other) {
    return new Change(day == null ? other : day, seconds(time == null ? TWO : time));
  }

  private static int seconds(String time) {
    int sign = time.charAt(0) == '-' ? -1 : 1;
    int seconds = 0;
    int unit = HOUR;
    for (String part : time.replaceFirst("^[+-]", "").split(":", -1)) {
      seconds += Integer.parseInt(part) * unit;
      unit /= 60;
    }
    return sign * seconds;
  }

  /** Seconds east of Greenwich at that time. */
  int offset(long epochSecond) {
    if (begin == null) {
      return standard;
    }
    int year = Instant.ofEpochSecond(epochSecond + standard).atOffset(ZoneOffset.UTC).getYear();
    long from = begin.in(year).toEpochSecond(ZoneOffset.UTC) - standard;
    long to = end.in(year).toEpochSecond(ZoneOffset.UTC) - summer;
    boolean inSummer =
        from < to
            ? epochSecond >= from && epochSecond < to
            : epochSecond >= from || epochSecond < to;
    return inSummer ? summer : standard;
  }
}
