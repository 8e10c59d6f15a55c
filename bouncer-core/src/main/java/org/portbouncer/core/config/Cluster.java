package org.portbouncer.core.config;

/**
 * The servers that hold limits together, by what they keep in one Redis.
 *
 * @param redis where that is
 * @param name of the cluster: servers of the same name share
 * @param whenAway what becomes of this server's parts while Redis is not reached
 * @param token what Redis asks for; none in workers
 */
public record Cluster(Redis redis, String name, WhenAway whenAway, Token token) {

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
   * @param host a name or an address
   * @param user who we are to it; "" for its default user
   * @param database its number
   * @param tls whether it is spoken to over TLS
   */
  public record Redis(String host, int port, String user, int database, boolean tls) {

    /** As in the configuration, without what is by default. */
    @Override
    public String toString() {
      String at = host.indexOf(':') < 0 ? host : "[" + host + "]";
      return (tls ? "rediss://" : "redis://")
          + (user.isEmpty() ? "" : user + "@")
          + at
          + ":"
          + port
          + (database == 0 ? "" : "/" + database);
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
      return text.isEmpty() ? "" : Secrets.SHOWN;
    }
  }
}
