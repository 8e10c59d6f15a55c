package org.portbouncer.core.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Reads the block `cluster`, and sees that what is shared can be. In the mother and in commands.
 */
final class ClusterReader {

  /** So many fit into one message, and one call of Redis. */
  static final int MOST_LIMITS = 256;

  private static final int STANDARD_PORT = 6379;
  private static final int LAST_PORT = 65_535;
  private static final int LAST_DATABASE = 1_000_000;

  private ClusterReader() {}

  /**
   * The cluster; null without one.
   *
   * @param absent whether nothing is written
   */
  static Cluster read(
      Section section, boolean absent, List<Acl> acls, List<BandwidthClass> classes) {
    int limits = 0;
    for (Acl acl : acls) {
      for (Rule rule : acl.rules()) {
        if (rule.shared()) {
          limits += check(section.problems(), acl, rule, absent, classes);
        }
      }
    }
    if (limits > MOST_LIMITS) {
      section
          .problems()
          .error(
              section.where(),
              limits + " limits are shared in the cluster; " + MOST_LIMITS + " are possible");
    }
    return absent ? null : cluster(section);
  }

  private static Cluster cluster(Section section) {
    Cluster.Redis redis = section.read("redis", (text, where) -> redis(text));
    String name = section.read("name", (text, where) -> Names.require(text));
    String token =
        section.read("token", (text, where) -> Secrets.read(section, "token", text, where, true));
    Cluster.WhenAway whenAway =
        section.read(
            "when-away",
            Names.choice(
                Names.choices(
                    Map.entry("local", Cluster.WhenAway.LOCAL),
                    Map.entry("refuse", Cluster.WhenAway.REFUSE))));
    return new Cluster(
        redis, name, whenAway, new Cluster.Token(Objects.requireNonNullElse(token, "")));
  }

  /** How many limits of a rule are shared; an error where that cannot be. */
  private static int check(
      Problems problems, Acl acl, Rule rule, boolean absent, List<BandwidthClass> classes) {
    Where where = new Where(rule.file(), rule.line(), Path.of(""));
    String which = "rule " + acl.name() + "/" + rule.name();
    if (absent) {
      problems.error(where, which + ": shared = cluster needs a block cluster { redis, name }");
    }
    int limits = (rule.maxSessions() > 0 ? 1 : 0) + (rule.rate() != null ? 1 : 0);
    if (rule.bandwidth() >= 0 && rule.bandwidth() < classes.size()) {
      BandwidthClass one = classes.get(rule.bandwidth());
      limits += (one.up() > 0 ? 1 : 0) + (one.down() > 0 ? 1 : 0);
      if (one.sharedBy() != BandwidthClass.SharedBy.ALL) {
        problems.error(
            where,
            which
                + ": shared = cluster, and the bandwidth class '"
                + one.name()
                + "' is not shared by all: only one that is can be held by several servers");
      }
    }
    if (limits == 0 && rule.action() == Rule.Action.PASS) {
      problems.warn(
          where,
          which + ": shared = cluster shares nothing: it has no max-sessions, rate or bandwidth");
    }
    if (rule.maxSessionsPerSource() > 0 || rule.ratePerSource() != null) {
      problems.warn(
          where, which + ": limits per source count on each server, also where shared = cluster");
    }
    return limits;
  }

  private static Cluster.Redis redis(String text) {
    try {
      URI uri = new URI(text);
      boolean tls = "rediss".equals(uri.getScheme());
      if (!tls && !"redis".equals(uri.getScheme())) {
        throw new InvalidValueException("it begins with redis:// or rediss://");
      }
      if (uri.getHost() == null || uri.getQuery() != null || uri.getFragment() != null) {
        throw new InvalidValueException("it is to be redis://[USER@]HOST[:PORT][/DATABASE]");
      }
      String user = Objects.requireNonNullElse(uri.getUserInfo(), "");
      if (user.indexOf(':') >= 0) {
        throw new InvalidValueException("the password belongs into 'token'");
      }
      int port = uri.getPort() < 0 ? STANDARD_PORT : uri.getPort();
      if (port < 1 || port > LAST_PORT) {
        throw new InvalidValueException("there is no port " + port);
      }
      String host = uri.getHost().replaceAll("[\\[\\]]", "");
      String path = Objects.requireNonNullElse(uri.getPath(), "").replaceFirst("^/", "");
      int database = path.isEmpty() ? 0 : Quantities.integer(path, 0, LAST_DATABASE);
      return new Cluster.Redis(host, port, user, database, tls);
    } catch (URISyntaxException e) {
      throw new InvalidValueException("it is to be redis://[USER@]HOST[:PORT][/DATABASE]");
    }
  }
}
