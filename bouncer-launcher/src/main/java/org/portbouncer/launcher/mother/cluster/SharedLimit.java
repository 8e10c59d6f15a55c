package org.portbouncer.launcher.mother.cluster;

import org.portbouncer.core.cluster.Lease;
import org.portbouncer.core.shared.BucketTable;
import org.portbouncer.core.shared.Limit;

/**
 * One limit of the configuration in force that this server holds with others: its part, and what
 * was last seen of it. What it knows changes in {@link ClusterLimits} alone. In the mother, on her
 * loop's thread.
 */
final class SharedLimit {

  /** What is limited. */
  enum Of {
    SESSIONS("max-sessions"),
    RATE("rate"),
    UP("up"),
    DOWN("down");

    private final String text;

    Of(String text) {
      this.text = text;
    }

    String text() {
      return text;
    }
  }

  final Of of;
  final String name;
  final long key;
  final Lease lease;
  int place;
  Limit counted;
  long used;
  long passed;
  int refused;

  // Of a flow, as it was last seen.
  long moved = BucketTable.NOT_KNOWN;
  long lost;
  long throttled;
  long heldByAll;
  long usedByAll;

  SharedLimit(Of of, String name, long key, long limit) {
    this.of = of;
    this.name = name;
    this.key = key;
    boolean flows = of == Of.UP || of == Of.DOWN;
    this.lease = new Lease(flows ? Lease.Kind.FLOWING : Lease.Kind.COUNTED, limit);
  }

  Of of() {
    return of;
  }

  /** The rule's, as acl/rule, or the class's. */
  String name() {
    return name;
  }

  long limit() {
    return lease.limit();
  }

  long size() {
    return lease.size();
  }

  long used() {
    return used;
  }

  long heldByAll() {
    return heldByAll;
  }

  long usedByAll() {
    return usedByAll;
  }
}
