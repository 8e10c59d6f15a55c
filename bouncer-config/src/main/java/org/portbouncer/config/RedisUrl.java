package org.portbouncer.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.Cluster;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.InvalidValueException;

/**
 * Reads where Redis is: one place, several of which one is the master, or Sentinels and what they
 * call the master. In the mother and in commands.
 */
final class RedisUrl {

  static final int STANDARD_PORT = 6379;
  static final int LAST_PORT = 65_535;

  private static final int SENTINEL_PORT = 26_379;
  private static final int LAST_DATABASE = 1_000_000;
  private static final int MOST_PLACES = 16;
  private static final int MOST_NAME = 200;

  private static final String REDIS = "redis://[USER@]HOST[:PORT][,HOST[:PORT]...][/DATABASE]";
  private static final String SENTINEL =
      "redis-sentinel://[USER@]HOST[:PORT][,HOST[:PORT]...]/MASTER[/DATABASE]";

  private RedisUrl() {}

  static Cluster.Redis read(String text) {
    int end = text.indexOf("://");
    String scheme = end < 0 ? "" : text.substring(0, end);
    boolean tls = scheme.startsWith("rediss");
    boolean sentinel = scheme.endsWith("-sentinel");
    if (!List.of("redis", "rediss", "redis-sentinel", "rediss-sentinel").contains(scheme)) {
      throw new InvalidValueException(
          "it begins with redis:// or rediss://, or with redis-sentinel:// or rediss-sentinel://");
    }
    String form = sentinel ? SENTINEL : REDIS;
    String rest = text.substring(end + "://".length());
    if (rest.matches(".*[?#\\s].*")) {
      throw new InvalidValueException("it is to be " + form);
    }
    int at = rest.lastIndexOf('@');
    String user = at < 0 ? "" : rest.substring(0, at);
    if (user.indexOf(':') >= 0) {
      throw new InvalidValueException("the password belongs into 'token'");
    }
    List<String> path = new ArrayList<>(List.of(rest.substring(at + 1).split("/", -1)));
    String hosts = path.removeFirst();
    String master = "";
    if (sentinel) {
      master = path.isEmpty() ? "" : path.removeFirst();
      if (master.isEmpty()) {
        throw new InvalidValueException("the name of the master is missing: " + form);
      }
    }
    String database = path.isEmpty() ? "" : path.removeFirst();
    if (!path.isEmpty() || user.indexOf('/') >= 0) {
      throw new InvalidValueException("it is to be " + form);
    }
    if (user.length() > MOST_NAME || master.length() > MOST_NAME) {
      throw new InvalidValueException("a name of more than " + MOST_NAME + " characters");
    }
    return new Cluster.Redis(
        places(hosts, sentinel ? SENTINEL_PORT : STANDARD_PORT, form),
        master,
        user,
        database.isEmpty() ? 0 : Quantities.integer(database, 0, LAST_DATABASE),
        tls);
  }

  private static List<Cluster.Place> places(String hosts, int standardPort, String form) {
    List<Cluster.Place> places = new ArrayList<>();
    for (String one : hosts.split(",", -1)) {
      if (one.isEmpty()) {
        throw new InvalidValueException("it is to be " + form);
      }
      boolean hasPort = one.startsWith("[") ? one.indexOf("]:") > 0 : one.indexOf(':') >= 0;
      Endpoint endpoint =
          EndpointParser.target(hasPort ? one : one + ":" + standardPort, Path.of(""));
      boolean inet = endpoint.kind() == Endpoint.Kind.INET || endpoint.kind() == Endpoint.Kind.NAME;
      if (!inet) {
        throw new InvalidValueException("'" + one + "' is no place of a Redis: HOST or HOST:PORT");
      }
      Cluster.Place place = new Cluster.Place(endpoint.host(), endpoint.port());
      if (places.contains(place)) {
        throw new InvalidValueException(place + " is there twice");
      }
      places.add(place);
    }
    if (places.size() > MOST_PLACES) {
      throw new InvalidValueException("at most " + MOST_PLACES + " places are possible");
    }
    return List.copyOf(places);
  }
}
