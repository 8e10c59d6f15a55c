package org.portbouncer.launcher.mother.cluster;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.cluster.ClusterWire.Answer;
import org.portbouncer.core.cluster.ClusterWire.Part;
import org.portbouncer.core.cluster.ClusterWire.Wish;
import org.portbouncer.core.cluster.Lease;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.shared.AclCounters;
import org.portbouncer.core.shared.BucketTable;
import org.portbouncer.core.shared.ClassBoard;
import org.portbouncer.core.shared.ClassTerms;
import org.portbouncer.core.shared.Limit;
import org.portbouncer.core.shared.SharedParts;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.staff.AllWorkers;

/**
 * The limits that this server holds with others: what it uses of each and could use, and where its
 * part stands for acl and io workers. In the mother, on her loop's thread.
 */
public final class ClusterLimits {

  /** A class cannot be at 0, which is no limit: a byte a second stands for nothing. */
  private static final long NOTHING = 1;

  /** A rule that has parts. */
  private record SharedRule(int place, SharedLimit sessions, SharedLimit rate) {}

  /** A class that has. */
  private record SharedClass(int index, int place, SharedLimit up, SharedLimit down) {}

  private final Ground ground;
  private final AllWorkers workers;
  private Map<Long, SharedLimit> byKey = new HashMap<>();
  private List<SharedLimit> all = List.of();
  private List<SharedRule> rules = List.of();
  private List<SharedClass> classes = List.of();
  private Epoch epoch;
  private boolean held;

  /** Until when the parts are ours; 0 for no part yet. */
  private long until;

  public ClusterLimits(Ground ground, AllWorkers workers) {
    this.ground = ground;
    this.workers = workers;
  }

  /** All of the configuration in force. */
  List<SharedLimit> all() {
    return all;
  }

  /** The bandwidth classes that rules of a configuration share in the cluster, by name. */
  public static boolean isShared(Configuration configuration, String name) {
    return configuration.acls().stream()
        .flatMap(acl -> acl.rules().stream())
        .filter(rule -> rule.shared() && rule.bandwidth() >= 0)
        .anyMatch(rule -> configuration.bandwidth().get(rule.bandwidth()).name().equals(name));
  }

  /** What a class of a configuration that comes into force may do here: this server's part. */
  public BandwidthClass part(Configuration configuration, BandwidthClass one) {
    if (!isShared(configuration, one.name())) {
      return one;
    }
    return parted(
        one,
        byKey.get(key(SharedLimit.Of.UP, one.name())),
        byKey.get(key(SharedLimit.Of.DOWN, one.name())));
  }

  private BandwidthClass parted(BandwidthClass one, SharedLimit up, SharedLimit down) {
    long upPart = one.up() == 0 ? 0 : size(up);
    long downPart = one.down() == 0 ? 0 : size(down);
    double share =
        Math.max(
            one.up() == 0 ? 0 : (double) upPart / one.up(),
            one.down() == 0 ? 0 : (double) downPart / one.down());
    long burst = one.burst() == 0 ? 0 : Math.max(1, Math.round(one.burst() * Math.min(1, share)));
    return new BandwidthClass(one.name(), upPart, downPart, burst, one.sharedBy());
  }

  private long size(SharedLimit shared) {
    return shared == null || !held ? NOTHING : Math.max(NOTHING, shared.lease.size());
  }

  private static long key(SharedLimit.Of of, String name) {
    return Limit.key("cluster " + of.text() + ' ' + name);
  }

  /** Takes another configuration in; parts of limits that it still has stay. */
  void use(Epoch next) {
    if (epoch == null || next.number() != epoch.number()) {
      adopt(next);
      publish();
    }
  }

  /**
   * Goes on with the parts that lie in the memory: those of another mother, who has had it before.
   *
   * @param now nanoseconds
   * @return whether there are any
   */
  boolean goOn(Epoch next, long now) {
    adopt(next);
    until = 0;
    held = false;
    for (SharedRule rule : rules) {
      if (parts().isHeld(rule.place(), now)) {
        goOn(rule.sessions(), parts().sessions(rule.place()));
        goOn(rule.rate(), parts().rate(rule.place()));
        until = parts().until(rule.place());
        held = true;
      }
    }
    ClassTerms terms = new ClassTerms();
    for (SharedClass one : classes) {
      ground.area().classes().read(one.place(), terms);
      goOn(one.up(), above(terms.rate(Way.UP)));
      goOn(one.down(), above(terms.rate(Way.DOWN)));
    }
    if (!classes.isEmpty() && !held) {
      // Nothing says until when; what flows stays as it is until there is an answer.
      held = true;
      until = now;
    }
    publish();
    return held;
  }

  private static void goOn(SharedLimit shared, long part) {
    if (shared != null) {
      shared.lease.goOn(Math.min(part, shared.lease.limit()));
    }
  }

  /** What stands for nothing is nothing. */
  private static long above(long rate) {
    return rate == NOTHING ? 0 : rate;
  }

  private void adopt(Epoch next) {
    epoch = next;
    Configuration configuration = next.configuration();
    Map<Long, SharedLimit> found = new HashMap<>();
    List<SharedRule> newRules = new ArrayList<>();
    List<SharedClass> newClasses = new ArrayList<>();
    for (int acl = 0; acl < configuration.acls().size(); acl++) {
      Acl one = configuration.acls().get(acl);
      for (int index = 0; index < one.rules().size(); index++) {
        Rule rule = one.rules().get(index);
        if (rule.shared() && rule.action() == Rule.Action.PASS) {
          newRules.add(rule(found, one.name(), rule, next.places().rule(acl, index)));
        }
      }
    }
    for (int i = 0; i < configuration.bandwidth().size(); i++) {
      BandwidthClass one = configuration.bandwidth().get(i);
      if (isShared(configuration, one.name())) {
        int place = next.classes()[i];
        newClasses.add(
            new SharedClass(
                i,
                place,
                shared(found, SharedLimit.Of.UP, one.name(), one.up(), place, null),
                shared(found, SharedLimit.Of.DOWN, one.name(), one.down(), place, null)));
      }
    }
    byKey = found;
    all = List.copyOf(found.values());
    rules = newRules;
    classes = newClasses;
  }

  private SharedRule rule(Map<Long, SharedLimit> found, String acl, Rule rule, int place) {
    String name = acl + "/" + rule.name();
    Limit counted = Limit.part(acl, rule.name(), rule.maxSessions(), rule.rate());
    long count = rule.rate() == null ? 0 : rule.rate().count();
    return new SharedRule(
        place,
        shared(found, SharedLimit.Of.SESSIONS, name, rule.maxSessions(), place, counted),
        shared(found, SharedLimit.Of.RATE, name, count, place, counted));
  }

  private SharedLimit shared(
      Map<Long, SharedLimit> found,
      SharedLimit.Of of,
      String name,
      long limit,
      int place,
      Limit counted) {
    if (limit == 0) {
      return null;
    }
    long key = key(of, name);
    SharedLimit shared = byKey.get(key);
    if (shared == null) {
      shared = new SharedLimit(of, name, key, limit);
    }
    shared.lease.limit(limit, of == SharedLimit.Of.RATE ? counted.windowNanos() : 0);
    shared.counted = counted;
    if (shared.place != place || !byKey.containsKey(key)) {
      shared.place = place;
      shared.passed = passed(place);
      shared.refused =
          of == SharedLimit.Of.RATE ? parts().refusedRate(place) : parts().refusedSessions(place);
      shared.moved = BucketTable.NOT_KNOWN;
    }
    found.put(key, shared);
    return shared;
  }

  private SharedParts parts() {
    return ground.area().parts();
  }

  /** What is to be asked for; what is not wanted any more ends before anybody hears of it. */
  List<Wish> wishes(long now) {
    List<Wish> wishes = new ArrayList<>(all.size());
    boolean less = false;
    for (SharedLimit shared : all) {
      long newlyRefused = observe(shared, now);
      long newlyPassed = shared.counted == null ? 0 : newlyPassed(shared);
      long before = shared.lease.size();
      long wanted = shared.lease.want(shared.used, newlyPassed, newlyRefused, now);
      less |= shared.lease.size() < before;
      wishes.add(
          new Wish(
              shared.key,
              shared.lease.limit(),
              shared.lease.held(shared.used),
              shared.used,
              wanted));
    }
    if (less) {
      publish();
    }
    return wishes;
  }

  /** Sees what is used of it now, and how many were refused since the last time. */
  private long observe(SharedLimit shared, long now) {
    return switch (shared.of) {
      case SESSIONS -> {
        shared.used = ground.area().limits().live(shared.counted);
        yield refused(shared, parts().refusedSessions(shared.place));
      }
      case RATE -> {
        shared.used = ground.area().limits().recent(shared.counted, now);
        yield refused(shared, parts().refusedRate(shared.place));
      }
      case UP, DOWN -> flow(shared, shared.of == SharedLimit.Of.UP ? Way.UP : Way.DOWN, now);
    };
  }

  /** Clients that the rule of that place has let in since it has it. */
  private long passed(int place) {
    return ground.area().decisions().get(place, AclCounters.Decision.PASS);
  }

  private long newlyPassed(SharedLimit shared) {
    long passed = passed(shared.place);
    long since = Math.max(0, passed - shared.passed);
    shared.passed = passed;
    return since;
  }

  private static long refused(SharedLimit shared, int counted) {
    long since = Integer.toUnsignedLong(counted - shared.refused);
    shared.refused = counted;
    return since;
  }

  /** Looks at how much of its clock the class has used; whether bytes have waited meanwhile. */
  private long flow(SharedLimit shared, int way, long now) {
    BucketTable buckets = ground.area().buckets();
    ClassBoard board = ground.area().classes();
    long moved = buckets.used(shared.place, way, now);
    long lost = board.lostBytes(shared.place, way);
    // A bucket that is new has a past that is not this class's.
    boolean known = moved != BucketTable.NOT_KNOWN && shared.moved != BucketTable.NOT_KNOWN;
    shared.lease.looked(
        known ? Math.max(0, moved - shared.moved) : 0,
        known ? Math.max(0, lost - shared.lost) : 0,
        buckets.isIdle(shared.place, way, now),
        now);
    shared.moved = moved;
    shared.lost = lost;
    shared.used = shared.lease.passing();
    long throttled = board.throttledNanos(shared.place, way);
    long since = throttled - shared.throttled;
    shared.throttled = throttled;
    return since + buckets.waiting(shared.place, way);
  }

  /**
   * Redis has answered.
   *
   * @param answer of as many parts as {@link #wishes} had, for the same configuration
   * @param asked which those were
   * @param end until when they are ours
   * @param now nanoseconds
   */
  void answered(Answer answer, List<SharedLimit> asked, long end, long now) {
    held = true;
    until = end;
    for (int i = 0; i < asked.size(); i++) {
      SharedLimit shared = asked.get(i);
      Part part = answer.parts().get(i);
      shared.lease.answered(part.granted(), part.target(), answer.members(), now);
      shared.heldByAll = part.heldByAll();
      shared.usedByAll = part.usedByAll();
    }
    publish();
  }

  private void observeUse(SharedLimit shared, long now) {
    if (shared.of == SharedLimit.Of.SESSIONS) {
      shared.used = ground.area().limits().live(shared.counted);
    } else if (shared.of == SharedLimit.Of.RATE) {
      shared.used = ground.area().limits().recent(shared.counted, now);
    }
  }

  /** Its parts have ended with their term: what is in use is all that this server still holds. */
  void endIfOver(long now) {
    if (held && until != Long.MAX_VALUE && now - until >= 0) {
      for (SharedLimit shared : all) {
        if (shared.lease.kind() == Lease.Kind.COUNTED) {
          observeUse(shared, now);
          shared.lease.ended(shared.used);
        }
      }
    }
  }

  /** Writes the parts to where workers look. */
  private void publish() {
    for (SharedRule rule : rules) {
      parts()
          .set(
              rule.place(),
              rule.sessions() == null ? 0 : (int) rule.sessions().lease.size(),
              rule.rate() == null ? 0 : (int) rule.rate().lease.size(),
              held ? until : 0);
    }
    boolean changed = false;
    for (SharedClass one : classes) {
      BandwidthClass part =
          parted(epoch.configuration().bandwidth().get(one.index()), one.up(), one.down());
      changed |=
          ground
              .area()
              .classes()
              .set(one.place(), part.up(), part.down(), part.burst(), System.nanoTime());
    }
    if (changed) {
      workers.classesChanged();
    }
  }
}
