package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.List;

/**
 * Who may connect to a listener, as it is found: rules in order, and limits that hold for all who
 * pass. Of one listener.
 */
final class Access {

  private final List<AclRule> rules = new ArrayList<>();
  private final List<Entry> entries = new ArrayList<>();

  /** Whether rules are about who really connected, whatever a PROXY header says. */
  private boolean ofPeers;

  /** All rules, those to come too, are about who really connected. */
  void ofPeers() {
    ofPeers = true;
  }

  /** Adds a rule behind the others; one for nobody is none. */
  void add(Origin origin, boolean pass, AddressSet from) {
    add(List.of(origin), pass, from, List.of());
  }

  void add(List<Origin> origins, boolean pass, AddressSet from, List<Entry> own) {
    if (!from.isEmpty()) {
      rules.add(new AclRule(List.copyOf(origins), pass, from, ofPeers, List.copyOf(own)));
    }
  }

  /** A rule before all others that nobody of {@code from} gets past. */
  void blockFirst(Origin origin, AddressSet from) {
    rules.addFirst(new AclRule(List.of(origin), false, from, ofPeers, List.of()));
  }

  /** As {@link #blockFirst}, of those who really connected. */
  void blockPeersFirst(Origin origin, AddressSet from) {
    rules.addFirst(new AclRule(List.of(origin), false, from, true, List.of()));
  }

  /** A limit, or hours, for all who pass together. */
  void all(Entry entry) {
    entries.removeIf(before -> before.key().equals(entry.key()));
    entries.add(entry);
  }

  /**
   * The rules to write; empty where everyone may come and there is no limit. Limits are counted for
   * each rule by itself, so that those who share them must be in one.
   *
   * @param origin of the listener
   */
  List<AclRule> rules(Origin origin) {
    if (rules.isEmpty() && entries.isEmpty()) {
      return List.of();
    }
    if (entries.isEmpty()) {
      return rules.isEmpty() || rules.stream().anyMatch(AclRule::pass) ? rules : blocked(origin);
    }
    List<AclRule> passing = rules.stream().filter(AclRule::pass).toList();
    List<AclRule> written = new ArrayList<>();
    if (rules.isEmpty()) {
      written.add(new AclRule(List.of(origin), true, AddressSet.EVERYONE, entries));
    } else if (passing.size() > 1) {
      List<Origin> origins = rules.stream().flatMap(rule -> rule.origins().stream()).toList();
      written.add(new AclRule(origins, true, passing(), ofPeers, entries));
    } else {
      for (AclRule rule : rules) {
        written.add(rule.pass() ? with(rule) : rule);
      }
    }
    return written;
  }

  private List<AclRule> blocked(Origin origin) {
    return List.of(new AclRule(List.of(origin), false, AddressSet.EVERYONE, List.of()));
  }

  private AclRule with(AclRule rule) {
    List<Entry> both = new ArrayList<>(rule.entries());
    both.addAll(entries);
    return new AclRule(rule.origins(), true, rule.from(), rule.ofPeer(), both);
  }

  /** Everyone whom the first rule that matches lets in. */
  private AddressSet passing() {
    AddressSet decided = AddressSet.NONE;
    AddressSet passing = AddressSet.NONE;
    for (AclRule rule : rules) {
      if (rule.pass()) {
        passing = passing.union(rule.from().minus(decided));
      }
      decided = decided.union(rule.from());
    }
    return passing;
  }
}
