package org.portbouncer.negotiator.cluster;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.portbouncer.core.cluster.ClusterWire.Part;
import org.portbouncer.core.cluster.ClusterWire.Wish;
import org.portbouncer.core.cluster.LeaseTimes;

/** What {@link LeaseScript} does, in Java, on a clock that is given. */
final class LeaseModel {

  /** What the script answers with. */
  record Reply(long clock, int members, int tick, boolean recalling, List<Part> parts) {}

  private static final class Member {
    private long seen;
    private long number;
    private Map<Long, long[]> limits = new TreeMap<>();
  }

  private static final class Sum {
    private long held;
    private long used;
    private long limit;
    private double level = -1;
    private double spare;
  }

  private static final int LIMIT = 0;
  private static final int HELD = 1;
  private static final int USED = 2;
  private static final int WANTED = 3;

  private String run;
  private long clock;
  private long last;
  private long recallUntil;
  private long summedAt;
  private int members;
  private int tick;
  private final Map<String, Member> byName = new TreeMap<>();
  private Map<Long, Sum> sums = new TreeMap<>();

  /** It has forgotten everything, as a Redis that starts without its data. */
  void forget() {
    run = null;
  }

  /**
   * One call.
   *
   * @param now wall clock, ms
   * @return null where a later one came before
   */
  Reply call(String me, long number, String run, List<Wish> wishes, long now) {
    begin(run, now);
    Member old = byName.get(me);
    if (old != null && number <= old.number) {
      return null;
    }
    takeOut(old);
    Map<Long, long[]> mine = new TreeMap<>();
    for (Wish wish : wishes) {
      mine.put(wish.key(), new long[] {wish.limit(), wish.held(), wish.used(), wish.wanted()});
    }
    if (summedAt < 0 || clock - summedAt >= tick) {
      sum(me, mine);
    }
    List<Part> parts = new ArrayList<>();
    for (Wish wish : wishes) {
      parts.add(grant(mine.get(wish.key()), wish.key()));
    }
    Member member = new Member();
    member.seen = clock;
    member.number = number;
    member.limits = mine;
    byName.put(me, member);
    return new Reply(clock, members, tick, clock < recallUntil, parts);
  }

  void leave(String me, long number, String run, long now) {
    begin(run, now);
    Member old = byName.get(me);
    if (old == null || number > old.number) {
      takeOut(old);
      byName.remove(me);
    }
  }

  private void begin(String now, long wall) {
    if (!now.equals(run)) {
      byName.clear();
      sums.clear();
      run = now;
      clock = 0;
      last = wall;
      recallUntil = LeaseTimes.RECALL;
      summedAt = -1;
      members = 0;
      tick = LeaseTimes.TICK;
    }
    clock += Math.clamp(wall - last, 0, LeaseTimes.STEP);
    last = wall;
  }

  private void takeOut(Member old) {
    if (old != null) {
      old.limits.forEach(
          (key, one) -> {
            Sum sum = sums.get(key);
            if (sum != null) {
              sum.held -= one[HELD];
            }
          });
    }
  }

  private void sum(String me, Map<Long, long[]> mine) {
    Map<Long, List<Long>> wants = new TreeMap<>();
    sums = new TreeMap<>();
    members = 0;
    byName
        .entrySet()
        .removeIf(one -> !one.getKey().equals(me) && clock - one.getValue().seen > LeaseTimes.GONE);
    byName.forEach(
        (name, one) -> {
          if (!name.equals(me)) {
            count(one.limits, wants);
          }
        });
    count(mine, wants);
    mine.forEach((key, one) -> sums.get(key).held -= one[HELD]);
    sums.forEach((key, sum) -> level(sum, wants.get(key)));
    summedAt = clock;
    tick = Math.clamp(members / 2, LeaseTimes.TICK, LeaseTimes.LONGEST_TICK);
  }

  private void count(Map<Long, long[]> limits, Map<Long, List<Long>> wants) {
    members++;
    limits.forEach(
        (key, one) -> {
          Sum sum = sums.get(key);
          if (sum == null) {
            sum = new Sum();
            sum.limit = one[LIMIT];
            sums.put(key, sum);
          }
          sum.held += one[HELD];
          sum.used += one[USED];
          sum.limit = Math.min(sum.limit, one[LIMIT]);
          wants.computeIfAbsent(key, k -> new ArrayList<>()).add(one[WANTED]);
        });
  }

  /** The level to which wishes are met so that the limit is used up; what is left over else. */
  private static void level(Sum sum, List<Long> wants) {
    Collections.sort(wants);
    double left = sum.limit;
    sum.level = -1;
    for (int k = 0; k < wants.size() && sum.level < 0; k++) {
      double part = left / (wants.size() - k);
      if (wants.get(k) > part) {
        sum.level = part;
      } else {
        left -= wants.get(k);
      }
    }
    sum.spare = sum.level < 0 ? left / wants.size() : 0;
  }

  private Part grant(long[] one, long key) {
    Sum sum = sums.get(key);
    if (sum == null) {
      sum = new Sum();
      sum.used = one[USED];
      sum.limit = one[LIMIT];
      sums.put(key, sum);
    }
    double wanted =
        sum.level >= 0 ? Math.min(sum.level, (double) one[WANTED]) : (double) one[WANTED];
    long target = (long) Math.ceil(wanted + sum.spare);
    long free = Math.min(sum.limit, one[LIMIT]) - sum.held;
    long granted = one[HELD];
    if (clock < recallUntil) {
      target = granted;
    } else if (target > granted && free > granted) {
      granted = Math.min(target, free);
    }
    one[HELD] = granted;
    sum.held += granted;
    return new Part(granted, target, sum.held, sum.used);
  }
}
