package org.portbouncer.acl.acl;

import java.time.Instant;
import org.portbouncer.core.config.Schedule;

/**
 * A rule's schedule and whether it is open now, worked out once a second: no zone has offsets finer
 * than that, and calendars are too slow, and make too much garbage, to be asked for every session.
 */
final class OpenHours {

  private final Schedule schedule;
  private long second = Long.MIN_VALUE;
  private boolean open;

  OpenHours(Schedule schedule) {
    this.schedule = schedule;
  }

  boolean areNow(long nowMs) {
    long now = Math.floorDiv(nowMs, 1000);
    if (now != second) {
      second = now;
      open = schedule.matches(Instant.ofEpochSecond(now));
    }
    return open;
  }
}
