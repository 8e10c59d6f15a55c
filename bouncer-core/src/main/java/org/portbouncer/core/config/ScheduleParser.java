package org.portbouncer.core.config;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Reads the text of a {@link Schedule}. Runs where that is read: mother, workers, commands. */
final class ScheduleParser {

  private static final String FORM =
      "; expected '[DAYS] [HH:MM-HH:MM] [ZONE]', as in 'Mon-Fri 07:00-19:00 Europe/Oslo'";
  private static final List<String> DAYS = List.of("mon", "tue", "wed", "thu", "fri", "sat", "sun");
  private static final int EVERY_DAY = 0x7f;
  private static final int DAY_MINUTES = 24 * 60;

  private ScheduleParser() {}

  static List<Schedule.Window> windows(String text, ZoneId defaultZone) {
    List<Schedule.Window> windows = new ArrayList<>();
    for (String part : text.split(";", -1)) {
      windows.add(window(part.strip(), text, defaultZone));
    }
    return windows;
  }

  private static Schedule.Window window(String part, String text, ZoneId defaultZone) {
    String[] tokens = part.split("\\s+", -1);
    if (part.isEmpty() || tokens.length > 3) {
      throw new InvalidValueException("'" + text + "' is not a schedule" + FORM);
    }
    int days = EVERY_DAY;
    int[] hours = {0, DAY_MINUTES};
    ZoneId zone = defaultZone;
    boolean named = false;
    int next = 0;
    if (looksLikeDays(tokens[0])) {
      days = days(tokens[next++]);
    }
    if (next < tokens.length && Character.isDigit(tokens[next].charAt(0))) {
      hours = hours(tokens[next++]);
    }
    if (next == 0) {
      throw new InvalidValueException(
          "'" + tokens[0] + "' is neither days (Mon-Fri) nor hours (07:00-19:00)" + FORM);
    }
    if (next < tokens.length) {
      zone = zone(tokens[next++]);
      named = true;
    }
    if (next < tokens.length) {
      throw new InvalidValueException("'" + tokens[next] + "' is out of place" + FORM);
    }
    return new Schedule.Window(days, hours[0], hours[1], zone, named);
  }

  /** Days are told from a zone by the first name: no zone begins with a day and "-" or ",". */
  private static boolean looksLikeDays(String token) {
    int end = 0;
    while (end < token.length() && Character.isLetter(token.charAt(end))) {
      end++;
    }
    return (end > 0
            && end < token.length()
            && (token.charAt(end) == '-' || token.charAt(end) == ','))
        || dayOrNegative(token) >= 0;
  }

  private static int days(String token) {
    int days = 0;
    for (String item : token.split(",", -1)) {
      int dash = item.indexOf('-');
      if (dash < 0) {
        days |= 1 << day(item);
      } else {
        int first = day(item.substring(0, dash));
        int last = day(item.substring(dash + 1));
        int day = first;
        days |= 1 << day;
        while (day != last) {
          day = (day + 1) % 7;
          days |= 1 << day;
        }
      }
    }
    return days;
  }

  private static int day(String name) {
    int day = dayOrNegative(name);
    if (day < 0) {
      throw new InvalidValueException(
          "'" + name + "' is not a day; Mon, Tue, Wed, Thu, Fri, Sat and Sun are");
    }
    return day;
  }

  private static int dayOrNegative(String name) {
    return DAYS.indexOf(name.toLowerCase(Locale.ROOT));
  }

  private static int[] hours(String token) {
    int dash = token.indexOf('-');
    if (dash < 0) {
      throw new InvalidValueException("'" + token + "' is not a span of hours such as 07:00-19:00");
    }
    int from = minute(token.substring(0, dash), token);
    int to = minute(token.substring(dash + 1), token);
    if (from == DAY_MINUTES) {
      throw new InvalidValueException("'" + token + "' cannot start at 24:00; 00:00 was meant");
    }
    if (from == to) {
      throw new InvalidValueException("'" + token + "' is empty; the whole day is 00:00-24:00");
    }
    return new int[] {from, to == 0 ? DAY_MINUTES : to};
  }

  private static int minute(String text, String token) {
    if (text.matches("[0-9]{1,2}:[0-9]{2}")) {
      int colon = text.indexOf(':');
      int hour = Integer.parseInt(text.substring(0, colon));
      int minute = Integer.parseInt(text.substring(colon + 1));
      if (minute < 60 && (hour < 24 || (hour == 24 && minute == 0))) {
        return hour * 60 + minute;
      }
    }
    throw new InvalidValueException(
        "'" + text + "' in '" + token + "' is not a time of day, 00:00 to 24:00");
  }

  private static ZoneId zone(String name) {
    try {
      return ZoneId.of(name);
    } catch (DateTimeException e) {
      String near = Nearest.of(name, ZoneId.getAvailableZoneIds());
      throw new InvalidValueException(
          "'"
              + name
              + "' is not a known time zone"
              + (near == null ? " such as Europe/Oslo or UTC" : ", did you mean '" + near + "'?"));
    }
  }
}
