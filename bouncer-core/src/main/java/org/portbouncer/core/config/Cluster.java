package org.portbouncer.core.config;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The servers that hold limits together, by what they keep in one Redis.
 *
 * @param redis where that is
 * @param name of the cluster: servers of the same name share
 * @param whenAway what becomes of this server's parts while Redis is not reached
 * @param token what Redis asks for; none in workers
 * @param sentinelToken what Sentinels ask for; likewise
 * @param redisPorts where a master that Sentinels name may listen
 * @param authority who signs Redis' certificate
 */
public record Cluster(
    Redis redis,
    String name,
    WhenAway whenAway,
    Token token,
    Token sentinelToken,
    List<Integer> redisPorts,
    Authority authority) {

  /** What becomes of a server's parts while Redis is not reached. */
  public enum WhenAway {
    /** It keeps the last ones. */
    LOCAL("local"),
    /** They end with their term; then it refuses. */
    REFUSE("refuse");

    private final String text;

    WhenAway(String text) {
      this.text = text;
    }

    /** As in the configuration. */
    public String text() {
      return text;
    }
  }

  /**
   * Where Redis is.
   *
   * @param places one, or several of which one is the master at a time; or those of Sentinels
   * @param master what Sentinels call the master; "" where none are asked
   * @param user who we are to it; "" for its default user
   * @param database its number
   * @param tls whether it, and Sentinels, are spoken to over TLS
   */
  public record Redis(List<Place> places, String master, String user, int database, boolean tls) {

    /** Whether Sentinels say where it is. */
    public boolean sentinel() {
      return !master.isEmpty();
    }

    /** As in the configuration, without what is by default. */
    @Override
    public String toString() {
      String scheme = (tls ? "rediss" : "redis") + (sentinel() ? "-sentinel" : "") + "://";
      String at = places.stream().map(Place::toString).collect(Collectors.joining(","));
      return scheme
          + (user.isEmpty() ? "" : user + "@")
          + at
          + (sentinel() ? "/" + master : "")
          + (database == 0 ? "" : "/" + database);
    }
  }

  /**
   * Where one of them listens.
   *
   * @param host a name, or an address without brackets
   */
  public record Place(String host, int port) {

    @Override
    public String toString() {
      return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
  }

  /**
   * Who signs Redis' certificate.
   *
   * @param pem certificates; "" for those that the JDK knows
   */
  public record Authority(String pem) {

    @Override
    public String toString() {
      return pem.isEmpty() ? "" : pem.length() + " bytes";
    }
  }

  /**
   * What stands for a password. Its text says nothing.
   *
   * @param text "" for none
   */
  public record Token(String text) {

    @Override
    public String toString() {
      return text.isEmpty() ? "" : HopSecrets.SHOWN;
    }
  }
}
