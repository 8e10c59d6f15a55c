package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.List;

/** A listener as it is found in a source, being filled by its reader. */
final class ListenerPart {

  /**
   * Where it listens.
   *
   * @param origin the line that says so
   * @param text as in bouncer.conf
   */
  record Address(Origin origin, String text) {}

  /** The line it begins in. */
  final Origin origin;

  /** What it is called, so that it can be made unlike others. */
  final String wish;

  final List<Address> listen = new ArrayList<>();

  /** Keys of the listener's block, in order. */
  final List<Entry> entries = new ArrayList<>();

  final Access access = new Access();

  /** Where sessions go; null where an entry says so. */
  private GroupPart group;

  ListenerPart(Origin origin, String wish) {
    this.origin = origin;
    this.wish = wish;
  }

  /** The group that sessions go to; null where there is one target. */
  GroupPart group() {
    return group;
  }

  /** Sends sessions to these members. */
  void target(GroupPart to) {
    if (to.isPlain()) {
      entry(to.members.getFirst().origin(), "target", Hocon.text(to.members.getFirst().address()));
    } else {
      group = to;
    }
  }

  void entry(Origin from, String key, String value) {
    entries.add(new Entry(from, key, value));
  }
}
