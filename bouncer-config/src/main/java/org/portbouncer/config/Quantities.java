package org.portbouncer.config;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.PortRange;
import org.portbouncer.core.config.Rate;

/**
 * The forms of durations, sizes and rates that an operator may write. Runs in the mother and in
 * commands; every method throws {@link InvalidValueException} for a text that has another form.
 */
public final class Quantities {

  private static final long DAY_MS = 24 * 60 * 60 * 1000L;

  private static final Quantity DURATION =
      new Quantity(
          "a duration in milliseconds",
          "10s, 500ms or 1h",
          durations(),
          3650 * DAY_MS,
          "3650d",
          unit -> null);
  private static final Quantity SIZE =
      new Quantity(
          "a size in bytes",
          "64 KiB",
          units(
              "B",
              "1",
              "KiB",
              "1024",
              "MiB",
              "1048576",
              "GiB",
              "1073741824",
              "kB",
              "1000",
              "MB",
              "1000000",
              "GB",
              "1000000000"),
          1L << 40,
          "1024 GiB",
          unit -> null);
  private static final Quantity BANDWIDTH =
      new Quantity(
          "a rate in bytes per second",
          "1 MiB/s or 8 Mbit/s",
          units(
              "B/s",
              "1",
              "KiB/s",
              "1024",
              "MiB/s",
              "1048576",
              "GiB/s",
              "1073741824",
              "kB/s",
              "1000",
              "MB/s",
              "1000000",
              "GB/s",
              "1000000000",
              "bit/s",
              "0.125",
              "kbit/s",
              "125",
              "Mbit/s",
              "125000",
              "Gbit/s",
              "125000000"),
          1_000_000_000_000L,
          "1000 GB/s",
          Quantities::meant);

  private Quantities() {}

  private static Map<String, BigDecimal> durations() {
    return units(
        "ms",
        "1",
        "s",
        "1000",
        "m",
        "60000",
        "h",
        "3600000",
        "d",
        "86400000",
        "millisecond",
        "1",
        "milliseconds",
        "1",
        "millis",
        "1",
        "second",
        "1000",
        "seconds",
        "1000",
        "minute",
        "60000",
        "minutes",
        "60000",
        "hour",
        "3600000",
        "hours",
        "3600000",
        "day",
        "86400000",
        "days",
        "86400000");
  }

  private static Map<String, BigDecimal> units(String... namesAndFactors) {
    Map<String, BigDecimal> units = new LinkedHashMap<>();
    for (int i = 0; i < namesAndFactors.length; i += 2) {
      units.put(namesAndFactors[i], new BigDecimal(namesAndFactors[i + 1]));
    }
    return units;
  }

  /** A duration such as {@code 10s} or {@code 0}, in milliseconds. */
  public static long durationMs(String text) {
    return DURATION.parse(text, null);
  }

  /** A size such as {@code 64 KiB}, or a bare number of bytes, in bytes. */
  public static long sizeBytes(String text) {
    return SIZE.parse(text, "B");
  }

  /** How people write bits, and bytes, of which there are eight times fewer. */
  private static final Pattern OTHERWISE =
      Pattern.compile("([kKmMgG]?)(i?)(bits?|b|B|[bB]ytes?)(?:/s|/sec|ps)?");

  /** The unit that somebody means who writes data per second in another way; null for none. */
  private static String meant(String unit) {
    Matcher form = OTHERWISE.matcher(unit);
    if (!form.matches()) {
      return null;
    }
    boolean bytes = form.group(3).startsWith("B") || form.group(3).startsWith("byte");
    String factor = form.group(1).toUpperCase(Locale.ROOT);
    boolean binary = bytes && !form.group(2).isEmpty();
    return (binary ? factor + "i" : factor.equals("K") ? "k" : factor) + (bytes ? "B/s" : "bit/s");
  }

  /** A rate of data such as {@code 8 Mbit/s}, in bytes per second, at least 1. */
  public static long bytesPerSecond(String text) {
    long rate = BANDWIDTH.parse(text, null);
    if (rate < 1) {
      throw new InvalidValueException("'" + text + "' is no rate; leave the key out for no limit");
    }
    return rate;
  }

  /** A rate of sessions such as {@code 50/1s}. */
  public static Rate sessionRate(String text) {
    int slash = text.indexOf('/');
    String count = slash < 0 ? "" : text.substring(0, slash).strip();
    if (!count.matches("[0-9]{1,9}") || Integer.parseInt(count) < 1) {
      throw new InvalidValueException("'" + text + "' is not COUNT/DURATION, as in 50/1s");
    }
    String period = text.substring(slash + 1).strip();
    // "10/s" is ten a second.
    long periodMs = durationMs(DURATION.units().containsKey(period) ? "1" + period : period);
    if (periodMs < 1) {
      throw new InvalidValueException("'" + text + "' has no duration; 50/1s is fifty a second");
    }
    return new Rate(Integer.parseInt(count), periodMs);
  }

  /** A port or a range of ports such as {@code 1024-65535}. */
  public static PortRange ports(String text) {
    int dash = text.indexOf('-');
    int first = port(dash < 0 ? text : text.substring(0, dash), text);
    int last = dash < 0 ? first : port(text.substring(dash + 1), text);
    if (first > last) {
      throw new InvalidValueException(
          "'" + text + "' is backwards; " + last + "-" + first + " was meant");
    }
    return new PortRange(first, last);
  }

  private static int port(String text, String whole) {
    String stripped = text.strip();
    int port = stripped.matches("[0-9]{1,5}") ? Integer.parseInt(stripped) : 0;
    if (port < 1 || port > 65535) {
      throw new InvalidValueException(
          "'" + whole + "' is not a port (1 to 65535) or a range of ports such as 1024-65535");
    }
    return port;
  }

  /** A whole number from {@code min} to {@code max}. */
  static int integer(String text, int min, int max) {
    String stripped = text.strip();
    boolean whole = stripped.matches("-?[0-9]{1,18}");
    long value = whole ? Long.parseLong(stripped) : 0;
    if (!whole || value < min || value > max) {
      String span = max == Integer.MAX_VALUE ? "from " + min : min + " to " + max;
      throw new InvalidValueException("'" + text + "' is not a whole number, " + span);
    }
    return (int) value;
  }
}
