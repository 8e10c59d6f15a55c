package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.List;

/** Servers that do the same, as they are found in a source. */
final class GroupPart {

  final Origin origin;

  /** What it is called. */
  final String wish;

  final List<Member> members = new ArrayList<>();

  /** Keys of the group's block. */
  final List<Entry> entries = new ArrayList<>();

  GroupPart(Origin origin, String wish) {
    this.origin = origin;
    this.wish = wish;
  }

  void entry(Origin from, String key, String value) {
    entries.add(new Entry(from, key, value));
  }

  /** Whether it is one place and no more, for which a listener needs no group. */
  boolean isPlain() {
    return members.size() == 1
        && members.getFirst().maxSessions() == 0
        && entries.stream().noneMatch(entry -> entry.key().startsWith("check."));
  }
}
