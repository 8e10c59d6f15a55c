package org.portbouncer.core.sys;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongToIntFunction;

/**
 * The system's time zone as the C library, and so date(1), sees it: TZ, else what {@code
 * /etc/localtime} holds. The VM goes by the name of a symbolic link, which says nothing any more
 * where a file is mounted over it. Any process, any thread.
 *
 * @param id the zone, by the rules that Java has for it
 * @param doubt what is to be known about it, for a warning; "" for nothing
 */
public record SystemZone(ZoneId id, String doubt) {

  private static final String LOCALTIME = "/etc/localtime";
  private static final String TIMEZONE = "/etc/timezone";
  private static final String FOLDER = "zoneinfo/";
  private static final int MOST_BYTES = 1 << 16;
  private static final long DAY = 24 * 60 * 60;

  private static final long MONTH = 30 * DAY;
  private static final int PAST_MONTHS = 12 * 80;

  /** Where zones have the names of places; of several that are alike the first counts. */
  private static final List<String> AREAS =
      List.of(
          "Europe",
          "America",
          "Asia",
          "Australia",
          "Africa",
          "Pacific",
          "Atlantic",
          "Indian",
          "Antarctica",
          "Arctic");

  /** The clock changes of two years tell zones apart that matter; older ones are history. */
  private static final int DAYS = 2 * 366;

  /** Made when it is first asked for: most configurations name no hours. */
  private static final class Holder {
    private static final SystemZone FOUND =
        find(
            System.getenv("TZ"),
            ProcFile.bytes(LOCALTIME, MOST_BYTES),
            List.of(linked(), written()),
            System.currentTimeMillis() / 1000);
  }

  /** The zone; looked for once. */
  public static SystemZone current() {
    return Holder.FOUND;
  }

  /**
   * @param tz the variable; null where it is not set
   * @param localtime what the file holds; null where there is none
   * @param names what the zone may be called, the likeliest first
   * @param now seconds since 1970
   */
  static SystemZone find(String tz, byte[] localtime, List<String> names, long now) {
    if (tz != null) {
      return ofVariable(tz.startsWith(":") ? tz.substring(1) : tz, now);
    }
    ZoneFile file = localtime == null ? null : ZoneFile.parse(localtime);
    if (file == null) {
      return new SystemZone(
          ZoneOffset.UTC,
          localtime == null ? "" : LOCALTIME + " is not a time zone, so the system's zone is UTC");
    }
    return of(LOCALTIME, file::offset, names, now);
  }

  private static SystemZone ofVariable(String tz, long now) {
    if (tz.isEmpty()) {
      return new SystemZone(ZoneOffset.UTC, "");
    }
    if (tz.startsWith("/")) {
      byte[] bytes = ProcFile.bytes(tz, MOST_BYTES);
      ZoneFile file = bytes == null ? null : ZoneFile.parse(bytes);
      return file == null ? unknown(tz) : of(tz, file::offset, List.of(named(tz)), now);
    }
    ZoneId known = zone(tz);
    if (known != null) {
      return new SystemZone(known, "");
    }
    PosixZone posix = PosixZone.parse(tz);
    return posix == null ? unknown(tz) : of("TZ=" + tz, posix::offset, List.of(), now);
  }

  private static SystemZone unknown(String tz) {
    return new SystemZone(
        ZoneOffset.UTC, "TZ=" + tz + " names no time zone, so the system's zone is UTC");
  }

  /** The zone that has these offsets now and in the next two years. */
  private static SystemZone of(
      String where, LongToIntFunction offsets, List<String> names, long now) {
    List<long[]> changes = changes(offsets, now);
    for (String name : names) {
      ZoneId zone = zone(name);
      if (zone != null && fits(zone, offsets, changes, now)) {
        return new SystemZone(zone, "");
      }
    }
    ZoneOffset offset = ZoneOffset.ofTotalSeconds(offsets.applyAsInt(now));
    if (changes.isEmpty()) {
      return new SystemZone(offset.equals(ZoneOffset.UTC) ? ZoneId.of("UTC") : offset, "");
    }
    ZoneId like = mostAlike(offsets, changes, now);
    if (like != null) {
      return new SystemZone(like, "");
    }
    return new SystemZone(
        offset,
        "the system's time zone ("
            + where
            + ") is none that is known here; UTC"
            + offset
            + ", what it is now, is taken for it all year: name a zone instead");
  }

  /** Of those that fit, the one that agrees for the most of the past; null where none fits. */
  private static ZoneId mostAlike(LongToIntFunction offsets, List<long[]> changes, long now) {
    List<String> names = new ArrayList<>(ZoneId.getAvailableZoneIds());
    names.removeIf(name -> AREAS.indexOf(area(name)) < 0);
    names.sort(
        Comparator.comparingInt((String name) -> AREAS.indexOf(area(name)))
            .thenComparing(Comparator.naturalOrder()));
    ZoneId best = null;
    int most = -1;
    for (String name : names) {
      ZoneId zone = ZoneId.of(name);
      if (fits(zone, offsets, changes, now)) {
        int months = 0;
        while (months < PAST_MONTHS
            && zone.getRules()
                    .getOffset(Instant.ofEpochSecond(now - months * MONTH))
                    .getTotalSeconds()
                == offsets.applyAsInt(now - months * MONTH)) {
          months++;
        }
        if (months > most) {
          most = months;
          best = zone;
        }
      }
    }
    return best;
  }

  private static String area(String name) {
    return name.substring(0, Math.max(0, name.indexOf('/')));
  }

  private static ZoneId zone(String name) {
    try {
      return name.isEmpty() ? null : ZoneId.of(name);
    } catch (DateTimeException e) {
      return null;
    }
  }

  private static boolean fits(
      ZoneId zone, LongToIntFunction offsets, List<long[]> changes, long now) {
    ZoneRules rules = zone.getRules();
    Instant start = Instant.ofEpochSecond(now);
    if (rules.getOffset(start).getTotalSeconds() != offsets.applyAsInt(now)) {
      return false;
    }
    int next = 0;
    ZoneOffsetTransition change = rules.nextTransition(start);
    while (change != null && change.toEpochSecond() <= now + DAYS * DAY) {
      int after = change.getOffsetAfter().getTotalSeconds();
      if (after != change.getOffsetBefore().getTotalSeconds()) {
        if (next == changes.size()
            || changes.get(next)[0] != change.toEpochSecond()
            || changes.get(next)[1] != after) {
          return false;
        }
        next++;
      }
      change = rules.nextTransition(change.getInstant());
    }
    return next == changes.size();
  }

  /** When the offset changes, and to what. */
  private static List<long[]> changes(LongToIntFunction offsets, long now) {
    List<long[]> changes = new ArrayList<>();
    int before = offsets.applyAsInt(now);
    for (int day = 1; day <= DAYS; day++) {
      long to = now + day * DAY;
      int after = offsets.applyAsInt(to);
      if (after != before) {
        long from = to - DAY;
        while (to - from > 1) {
          long middle = (from + to) / 2;
          if (offsets.applyAsInt(middle) == before) {
            from = middle;
          } else {
            to = middle;
          }
        }
        changes.add(new long[] {to, after});
        before = after;
      }
    }
    return changes;
  }

  private static String linked() {
    String target = ProcFile.link(LOCALTIME);
    return target == null ? "" : named(target);
  }

  /** What the path of a zone file calls it: everything behind the folder of all of them. */
  private static String named(String path) {
    int folder = path.lastIndexOf(FOLDER);
    return folder < 0 ? "" : path.substring(folder + FOLDER.length());
  }

  private static String written() {
    byte[] text = ProcFile.bytes(TIMEZONE, 256);
    return text == null ? "" : new String(text, StandardCharsets.UTF_8).strip();
  }
}
