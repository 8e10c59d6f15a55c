package org.portbouncer.launcher.privilege;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.portbouncer.core.config.Cluster;
import org.portbouncer.core.config.IpAddress;

/**
 * What the cluster's process may connect to.
 *
 * @param ports over TCP
 * @param names whether it has names to resolve, and so speaks with name servers
 */
public record ClusterReach(Set<Integer> ports, boolean names) {

  /**
   * What it takes to reach Redis.
   *
   * @param ports of a master that Sentinels name
   */
  public static ClusterReach of(Cluster.Redis redis, List<Integer> ports) {
    Set<Integer> all = new TreeSet<>(redis.sentinel() ? ports : List.of());
    boolean names = false;
    for (Cluster.Place place : redis.places()) {
      all.add(place.port());
      names |= IpAddress.parse(place.host()) == null;
    }
    return new ClusterReach(all, names);
  }
}
