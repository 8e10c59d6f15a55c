package org.portbouncer.launcher.view;

import java.time.Duration;
import java.util.Locale;

/** Numbers as people read them. */
public final class Units {

  private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Units() {}

  /** 1536 is "1.5 KiB". */
  public static String bytes(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    double value = bytes;
    int unit = 0;
    while (value >= 1023.95 && unit < BINARY.length - 1) { // what would be printed as 1024.0
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %s", value, BINARY[unit]);
  }

  /** Bytes per second, exactly, in the largest unit that divides them; 0 is "no limit". */
  public static String rate(long bytesPerSecond) {
    if (bytesPerSecond == 0) {
      return "no limit";
    }
    long[] units = {1 << 30, 125_000_000, 1 << 20, 125_000, 1 << 10, 125};
    String[] names = {"GiB/s", "Gbit/s", "MiB/s", "Mbit/s", "KiB/s", "kbit/s"};
    for (int i = 0; i < units.length; i++) {
      if (bytesPerSecond % units[i] == 0) {
        return bytesPerSecond / units[i] + " " + names[i];
      }
    }
    return bytesPerSecond + " B/s";
  }

  /** 61,500 is "1m01s"; below ten seconds with a fraction. */
  public static String millis(long millis) {
    if (millis < 1000) {
      return millis + "ms";
    }
    if (millis < 10_000) {
      return String.format(Locale.ROOT, "%.1fs", Math.floor(millis / 100.0) / 10);
    }
    Duration time = Duration.ofMillis(millis);
    if (time.toMinutes() == 0) {
      return time.toSeconds() + "s";
    }
    if (time.toHours() == 0) {
      return String.format(Locale.ROOT, "%dm%02ds", time.toMinutes(), time.toSecondsPart());
    }
    if (time.toDays() == 0) {
      return String.format(Locale.ROOT, "%dh%02dm", time.toHours(), time.toMinutesPart());
    }
    return String.format(Locale.ROOT, "%dd%02dh", time.toDays(), time.toHoursPart());
  }

  /** 90,000 is "90s", 60,000 "1m": exactly, in the largest unit that divides it. */
  public static String duration(long millis) {
    long[] units = {86_400_000, 3_600_000, 60_000, 1000};
    String[] names = {"d", "h", "m", "s"};
    for (int i = 0; i < units.length; i++) {
      if (millis % units[i] == 0) {
        return millis / units[i] + names[i];
      }
    }
    return millis + "ms";
  }

  /** "1 session", "2 sessions". */
  public static String count(long count, String one) {
    return count + " " + one + (count == 1 ? "" : "s");
  }
}
