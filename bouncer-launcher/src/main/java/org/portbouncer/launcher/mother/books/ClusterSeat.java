package org.portbouncer.launcher.mother.books;

/**
 * Whose parts of shared limits a server has. The one that follows it is the same member of the
 * cluster: what the two may have is there once.
 *
 * @param redis where it is kept, as it is written; "" for none
 * @param cluster its name
 * @param member as the cluster knows the server
 */
public record ClusterSeat(String redis, String cluster, String member) {

  /** That of a server without a cluster. */
  public static final ClusterSeat NONE = new ClusterSeat("", "", "");

  /** Whether a server that shares by that Redis, under that name, can have it. */
  public boolean isOf(String itsRedis, String itsCluster) {
    return !redis.isEmpty() && redis.equals(itsRedis) && cluster.equals(itsCluster);
  }
}
