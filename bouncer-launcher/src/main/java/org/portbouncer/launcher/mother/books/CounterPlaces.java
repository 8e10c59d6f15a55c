package org.portbouncer.launcher.mother.books;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.shared.AclCounters;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.core.worker.Places;
import org.portbouncer.launcher.mother.ground.StartException;

/**
 * Says where each configuration counts in shared memory, by name. In the mother; what was counted
 * may be asked for from any thread.
 */
public final class CounterPlaces {

  /** Stands for no acl, and for no rule; no name can be this. */
  public static final String NONE = "-";

  /**
   * What a decision is counted by.
   *
   * @param acl its name, or {@link #NONE}
   * @param rule its name, or {@link #NONE} where none matched
   */
  public record RuleName(String acl, String rule) {}

  /**
   * What a member of a group of targets is known by.
   *
   * @param group the group's name
   * @param member its own
   * @param address where it is: another one is another member
   */
  record MemberName(String group, String member, String address) {}

  /** What rules count as that came when every place had a name. */
  private static final RuleName OTHER = new RuleName("other", "other");

  private static final RuleName NO_ACL = new RuleName(NONE, NONE);

  private final NamedPlaces<String> listeners;
  private final NamedPlaces<RuleName> rules;
  private final NamedPlaces<MemberName> members;
  private final TargetBoard targets;

  public CounterPlaces(SharedArea area) {
    listeners =
        new NamedPlaces<>(
            0,
            ListenerCounters.SLOTS,
            -1,
            place -> {
              area.listeners().clear(place);
              area.times().clear(place);
              area.errors().clear(place);
            });
    rules = new NamedPlaces<>(1, AclCounters.PLACES, AclCounters.OTHER, area.decisions()::clear);
    targets = area.targets();
    members = new NamedPlaces<>(0, TargetBoard.PLACES, -1, targets::clear);
  }

  /**
   * Places for a configuration.
   *
   * @param classes where its bandwidth classes stand: ClassPlaces says that
   * @param epoch its number
   * @param oldest the oldest epoch that anything refers to
   * @throws StartException where sessions of listeners that are gone take too many places
   */
  public Places assign(Configuration configuration, int[] classes, int epoch, int oldest)
      throws StartException {
    int[] ofListeners =
        listeners.assign(
            configuration.listeners().stream().map(Listener::name).toList(), epoch, oldest);
    for (int place : ofListeners) {
      if (place < 0) {
        throw new StartException(
            "sessions of too many listeners that are gone still live: no new listener can count");
      }
    }
    List<RuleName> names = new ArrayList<>();
    names.add(NO_ACL);
    for (Acl acl : configuration.acls()) {
      for (Rule rule : acl.rules()) {
        names.add(new RuleName(acl.name(), rule.name()));
      }
      names.add(new RuleName(acl.name(), NONE));
    }
    int[] places = rules.assign(names, epoch, oldest);
    int[][] byAcl = new int[configuration.acls().size()][];
    int at = 1;
    for (int i = 0; i < byAcl.length; i++) {
      byAcl[i] = new int[configuration.acls().get(i).rules().size() + 1];
      System.arraycopy(places, at, byAcl[i], 0, byAcl[i].length);
      at += byAcl[i].length;
    }
    return new Places(
        ofListeners, classes, byAcl, targets(configuration, epoch, oldest), places[0]);
  }

  private int[][] targets(Configuration configuration, int epoch, int oldest)
      throws StartException {
    List<MemberName> names = new ArrayList<>();
    for (TargetGroup group : configuration.targets()) {
      for (TargetGroup.Member member : group.members()) {
        names.add(new MemberName(group.name(), member.name(), member.address().text()));
      }
    }
    int[] all = members.assign(names, epoch, oldest);
    int[][] byGroup = new int[configuration.targets().size()][];
    int from = 0;
    for (int i = 0; i < byGroup.length; i++) {
      int size = configuration.targets().get(i).members().size();
      byGroup[i] = Arrays.copyOfRange(all, from, from + size);
      from += size;
    }
    for (int place : all) {
      if (place < 0) {
        throw new StartException(
            "too many members of groups: at most "
                + TargetBoard.PLACES
                + ", those of live sessions that the configuration no longer has included");
      }
      targets.added(place);
    }
    return byGroup;
  }

  /** Goes on with the places of the mother before this one. */
  public void inherit(Books books, int epoch) {
    listeners.inherit(books.listeners(), epoch);
    rules.inherit(books.rules(), epoch);
    members.inherit(books.members(), epoch);
  }

  /** Every member that was configured since the start, and its place. */
  public Map<MemberName, Integer> members() {
    return members.snapshot();
  }

  /** Every rule that has a place of its own. */
  public Map<RuleName, Integer> ownRules() {
    return rules.snapshot();
  }

  /** Every listener that was configured since the start, and its place. */
  public Map<String, Integer> listeners() {
    return listeners.snapshot();
  }

  /** Every rule that was configured since the start, and its place in {@link AclCounters}. */
  public Map<RuleName, Integer> rules() {
    Map<RuleName, Integer> all = new java.util.HashMap<>(rules.snapshot());
    all.put(OTHER, AclCounters.OTHER);
    return all;
  }
}
