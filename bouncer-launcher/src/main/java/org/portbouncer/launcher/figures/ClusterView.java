package org.portbouncer.launcher.figures;

import java.util.List;

/**
 * How the cluster looks from this server.
 *
 * @param name the cluster's
 * @param redis where Redis is
 * @param member what this server is known by
 * @param state held, recalling or away
 * @param why why it is away, or was last; "" for never
 * @param whenAway local or refuse
 * @param sinceMs since when it has this state, wall clock
 * @param leaseAgeMs since the parts in use were asked for; -1 for no part yet
 * @param callMs how long the last call took
 * @param members how many servers there are
 * @param named some of them
 * @param limits what is shared
 */
public record ClusterView(
    String name,
    String redis,
    String member,
    String state,
    String why,
    String whenAway,
    long sinceMs,
    long leaseAgeMs,
    long callMs,
    int members,
    List<Member> named,
    List<Limit> limits) {

  /**
   * A server.
   *
   * @param heardMs since it was heard of
   */
  public record Member(String name, long heardMs) {}

  /**
   * One limit.
   *
   * @param of max-sessions, rate, up or down
   * @param name the rule's, as acl/rule, or the bandwidth class's
   * @param limit of all together; bytes per second for up and down
   * @param part this server's
   * @param used what it uses
   * @param heldByAll what all hold
   * @param usedByAll what all used when that was last added up
   */
  public record Limit(
      String of, String name, long limit, long part, long used, long heldByAll, long usedByAll) {}
}
