package org.portbouncer.core.worker;

/**
 * Where a configuration counts in shared memory. The mother gives the places out by name, so that
 * what a reload keeps goes on counting where it did.
 *
 * @param listeners for each listener its place in ListenerCounters
 * @param classes for each bandwidth class its place on the ClassBoard
 * @param rules for each acl, for each of its rules the place in AclCounters, and one more for
 *     clients that no rule matches
 * @param targets for each group of targets, for each of its members the place on the TargetBoard
 * @param noAcl the place in AclCounters for clients of listeners without an acl
 */
public record Places(int[] listeners, int[] classes, int[][] rules, int[][] targets, int noAcl) {

  /** The place of a rule; {@code rule} -1 is that of clients that no rule matches. */
  public int rule(int acl, int rule) {
    int[] places = rules[acl];
    return places[rule < 0 ? places.length - 1 : rule];
  }
}
