package org.portbouncer.core.config;

import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Objects;
import org.portbouncer.core.sys.SystemZone;

/**
 * When a rule applies: one or more windows of days and hours, as in {@code Mon-Fri 07:00-19:00
 * Europe/Oslo}. Times are wall-clock times of the zone, so a window follows daylight saving: hours
 * the clock skips never match, hours it repeats match twice. Read by the mother, asked by the acl
 * worker and by {@code bouncer acl test}.
 */
public final class Schedule {

  private final String text;
  private final ZoneId defaultZone;
  private final List<Window> windows;

  /**
   * One window.
   *
   * @param days bit 0 is Monday, bit 6 Sunday: the days on which it starts
   * @param fromMinute minute of the day it starts, 0 to 1439
   * @param toMinute minute of the day it ends, exclusive, 1 to 1440; not above {@code fromMinute}
   *     when it goes on past midnight
   * @param zoneNamed whether the text names the zone
   */
  record Window(int days, int fromMinute, int toMinute, ZoneId zone, boolean zoneNamed) {

    boolean matches(Instant instant) {
      ZonedDateTime local = instant.atZone(zone);
      DayOfWeek day = local.getDayOfWeek();
      int minute = local.getHour() * 60 + local.getMinute();
      if (fromMinute < toMinute) {
        return startsOn(day) && minute >= fromMinute && minute < toMinute;
      }
      return (startsOn(day) && minute >= fromMinute)
          || (startsOn(day.minus(1)) && minute < toMinute);
    }

    private boolean startsOn(DayOfWeek day) {
      return (days >> (day.getValue() - 1) & 1) != 0;
    }
  }

  Schedule(String text, ZoneId defaultZone, List<Window> windows) {
    this.text = text;
    this.defaultZone = defaultZone;
    this.windows = List.copyOf(windows);
  }

  /**
   * Reads {@code [DAYS] [HH:MM-HH:MM] [ZONE]}, or several such windows separated by ";". Days are
   * lists and ranges of Mon to Sun (a range may wrap the week); hours may wrap midnight and then
   * belong to the day they start on; "24:00" may end them. Absent days are all, absent hours the
   * whole day, an absent zone the system's ({@link SystemZone}).
   *
   * @throws InvalidValueException when it has another form
   */
  public static Schedule parse(String text) {
    return parse(text, SystemZone.current().id());
  }

  /** As {@link #parse(String)}, with the zone of windows that name none. */
  public static Schedule parse(String text, ZoneId defaultZone) {
    return new Schedule(text, defaultZone, ScheduleParser.windows(text, defaultZone));
  }

  static final Schedule BLANK = new Schedule("", ZoneOffset.UTC, List.of());

  static Schedule pass(ConfigWire wire, Schedule it) throws ConfigCodecException {
    String text = wire.text(it.text);
    String zone = wire.text(it.defaultZone.getId());
    if (!wire.reads()) {
      return it;
    }
    try {
      return parse(text, ZoneId.of(zone));
    } catch (InvalidValueException | DateTimeException e) {
      throw new ConfigCodecException("not a schedule: " + e.getMessage(), e);
    }
  }

  /** Whether any of the windows is open at that time. */
  public boolean matches(Instant instant) {
    for (Window window : windows) {
      if (window.matches(instant)) {
        return true;
      }
    }
    return false;
  }

  /** As the operator wrote it. */
  public String text() {
    return text;
  }

  /** Whether any window goes by the system's zone. */
  public boolean leavesZoneOpen() {
    return windows.stream().anyMatch(window -> !window.zoneNamed());
  }

  /** The zone of windows that name none. */
  public ZoneId defaultZone() {
    return defaultZone;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Schedule schedule
        && text.equals(schedule.text)
        && defaultZone.equals(schedule.defaultZone);
  }

  @Override
  public int hashCode() {
    return Objects.hash(text, defaultZone);
  }

  @Override
  public String toString() {
    return text;
  }
}
