package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.List;

/**
 * Who may connect to a listener, as it is found: rules in order, and limits that hold for all who
 * pass. Of one listener.
 */
final class Access {

  private final List<Rule> rules = new ArrayList<>();
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
      rules.add(new Rule(List.copyOf(origins), pass, from, ofPeers, List.copyOf(own)));
    }
  }

  /** A rule before all others that nobody of {@code from} gets past. */
  void blockFirst(Origin origin, AddressSet from) {
    rules.addFirst(new Rule(List.of(origin), false, from, ofPeers, List.of()));
  }

  /** As {@link #blockFirst}, of those who really connected. */
  void blockPeersFirst(Origin origin, AddressSet from) {
    rules.addFirst(new Rule(List.of(origin), false, from, true, List.of()));
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
  List<Rule> rules(Origin origin) {
    if (rules.isEmpty() && entries.isEmpty()) {
      return List.of();
    }
    if (entries.isEmpty()) {
      return rules.isEmpty() || rules.stream().anyMatch(Rule::pass) ? rules : blocked(origin);
    }
    List<Rule> passing = rules.stream().filter(Rule::pass).toList();
    List<Rule> written = new ArrayList<>();
    if (rules.isEmpty()) {
      written.add(new Rule(List.of(origin), true, AddressSet.EVERYONE, entries));
    } else if (passing.size() > 1) {
      List<Origin> origins = rules.stream().flatMap(rule -> rule.origins().stream()).toList();
      written.add(new Rule(origins, true, passing(), ofPeers, entries));
    } else {
      for (Rule rule : rules) {
        written.add(rule.pass() ? with(rule) : rule);
      }
    }
    return written;
  }

  private List<Rule> blocked(Origin origin) {
    return List.of(new Rule(List.of(origin), false, AddressSet.EVERYONE, List.of()));
  }

  private Rule with(Rule rule) {
    List<Entry> both = new ArrayList<>(rule.entries());
    both.addAll(entries);
    return new Rule(rule.origins(), true, rule.from(), rule.ofPeer(), both);
  }

  /** Everyone whom the first rule that matches lets in. */
  private AddressSet passing() {
    AddressSet decided = AddressSet.NONE;
    AddressSet passing = AddressSet.NONE;
    for (Rule rule : rules) {
      if (rule.pass()) {
        passing = passing.union(rule.from().minus(decided));
      }
      decided = decided.union(rule.from());
    }
    return passing;
  }
}
