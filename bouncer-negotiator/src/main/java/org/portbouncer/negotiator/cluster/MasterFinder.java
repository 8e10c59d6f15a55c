package org.portbouncer.negotiator.cluster;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLSocketFactory;
import org.portbouncer.core.cluster.ClusterWire.Setup;
import org.portbouncer.core.config.Cluster;

/**
 * Finds the Redis that may be written to: the only one there is, the one of several that says it is
 * the master, or the one that a Sentinel names. On the thread of the cluster's process.
 */
final class MasterFinder {

  private static final String MASTER = "master";

  private final Setup setup;
  private final SSLSocketFactory factory;

  /** Which place was the last that answered: it is asked first the next time. */
  private int last;

  MasterFinder(Setup setup, SSLSocketFactory factory) {
    this.setup = setup;
    this.factory = factory;
  }

  /**
   * A connection to the master, which has let us in.
   *
   * @throws IOException where none is reached
   * @throws RedisException where it does not want us
   */
  RedisConnection open() throws IOException, RedisException {
    List<Cluster.Place> places = setup.redis().places();
    boolean several = places.size() > 1;
    List<String> troubles = new ArrayList<>();
    for (int i = 0; i < places.size(); i++) {
      int which = (last + i) % places.size();
      Cluster.Place place = places.get(which);
      try {
        RedisConnection found = setup.redis().sentinel() ? named(place) : entered(place, several);
        last = which;
        return found;
      } catch (IOException | RedisException e) {
        if (!several) {
          throw e;
        }
        troubles.add(place + ": " + Trouble.words(e));
      }
    }
    throw new IOException(String.join("; ", troubles));
  }

  /** The master that this Sentinel names. */
  private RedisConnection named(Cluster.Place sentinel) throws IOException, RedisException {
    Cluster.Place place;
    try (RedisConnection connection = RedisConnection.open(sentinel, factory)) {
      connection.authenticate("", setup.sentinelToken());
      Object said =
          connection.call(List.of("SENTINEL", "GET-MASTER-ADDR-BY-NAME", setup.redis().master()));
      place = place(said);
    } catch (RedisException e) {
      throw new RedisException(e.getMessage() + " (said by Sentinel " + sentinel + ")");
    }
    if (!setup.ports().contains(place.port())) {
      throw new IOException(
          "Sentinel says that the master is "
              + place
              + ", whose port is none of cluster.redis-ports: "
              + setup.ports());
    }
    return entered(place, true);
  }

  private Cluster.Place place(Object said) throws IOException {
    if (said == null) {
      throw new IOException("Sentinel knows no master '" + setup.redis().master() + "'");
    }
    if (said instanceof List<?> two
        && two.size() == 2
        && two.get(0) instanceof String host
        && two.get(1) instanceof String port
        && port.matches("[0-9]{1,5}")) {
      return new Cluster.Place(host, Integer.parseInt(port));
    }
    throw new IOException("an answer that is not Sentinel's");
  }

  /**
   * @param sure whether it must say that it is the master: as others might be
   */
  private RedisConnection entered(Cluster.Place place, boolean sure)
      throws IOException, RedisException {
    RedisConnection connection = RedisConnection.open(place, factory);
    try {
      connection.authenticate(setup.redis().user(), setup.token());
      if (sure && !connection.info("replication", "role").equals(MASTER)) {
        throw new IOException("it is a replica (" + place + ")");
      }
      if (setup.redis().database() > 0) {
        connection.call(List.of("SELECT", Integer.toString(setup.redis().database())));
      }
      return connection;
    } catch (IOException | RedisException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }
}
