package org.portbouncer.launcher.importer;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times as HAProxy has them. */
final class HaproxyTime {

  private static final Pattern TIME = Pattern.compile("([0-9]{1,12})(us|ms|s|m|h|d)?");

  private HaproxyTime() {}

  /** Without a unit milliseconds; -1 for what is no time. */
  static long millis(String text) {
    Matcher time = TIME.matcher(text);
    if (!time.matches()) {
      return -1;
    }
    long number = Long.parseLong(time.group(1));
    return switch (time.group(2) == null ? "ms" : time.group(2)) {
      case "us" -> Math.max(number == 0 ? 0 : 1, number / 1000);
      case "ms" -> number;
      case "s" -> number * 1000;
      case "m" -> number * 60_000;
      case "h" -> number * 3_600_000;
      default -> number * 86_400_000;
    };
  }
}
