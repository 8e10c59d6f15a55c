package org.portbouncer.config;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.Cluster;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.Rule;

/**
 * Reads the block `cluster`, and sees that what is shared can be. In the mother and in commands.
 */
final class ClusterReader {

  /** So many fit into one message, and one call of Redis. */
  static final int MOST_LIMITS = 256;

  private static final int MOST_PORTS = 16;

  /** Of a file of certificates, and of what is taken from it: one packet must hold it. */
  private static final int MOST_FILE = 512 * 1024;

  private static final int MOST_CERTIFICATES = 12 * 1024;

  private static final Pattern CERTIFICATE =
      Pattern.compile("-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----");

  static final Keys KEYS = new Keys("cluster");

  private static final ConfigKey<Cluster.Redis> REDIS =
      KEYS.restartOnly(c -> of(c, Cluster::redis))
          .required(
              "redis",
              new Form<>(
                  "`redis://[USER@]HOST[:PORT][/DATABASE]`, or"
                      + " `redis-sentinel://[USER@]HOST[:PORT]/MASTER[/DATABASE]`",
                  (text, where) -> RedisUrl.read(text)),
              "the Redis or Valkey that servers share limits by, or the Sentinels that say"
                  + " where it is, `HOST:PORT,HOST:PORT` for several; `rediss`: over TLS");

  private static final ConfigKey<String> NAME =
      KEYS.restartOnly(c -> of(c, Cluster::name))
          .required("name", Form.NAME, "servers of the same name share");

  private static final ConfigKey<String> TOKEN =
      password(
          "token",
          Cluster::token,
          "the password that Redis asks for, or the file whose one line it is");

  private static final ConfigKey<String> SENTINEL_TOKEN =
      password(
          "sentinel-token",
          Cluster::sentinelToken,
          "the password that Sentinels ask for, likewise");

  private static final ConfigKey<Integer> REDIS_PORTS =
      KEYS.restartOnly(c -> of(c, Cluster::redisPorts))
          .optional(
              "redis-ports",
              new Form<>(
                  "port or list of ports",
                  (text, where) -> Quantities.integer(text, 1, RedisUrl.LAST_PORT)),
              Integer.toString(RedisUrl.STANDARD_PORT),
              "where a master that Sentinels name may listen");

  private static final ConfigKey<String> CA =
      KEYS.restartOnly(c -> of(c, Cluster::authority))
          .optional(
              "ca",
              new Form<>("path", ClusterReader::certificates),
              "the JDK's own list",
              "certificates (PEM) of whoever signs Redis' certificate, for `rediss`");

  private static final ConfigKey<Cluster.WhenAway> WHEN_AWAY =
      KEYS.restartOnly(c -> of(c, Cluster::whenAway))
          .withDefault(
              "when-away",
              Form.choice(
                  Map.entry("local", Cluster.WhenAway.LOCAL),
                  Map.entry("refuse", Cluster.WhenAway.REFUSE)),
              "local",
              "while Redis is not reached: keep this server's last part of each limit, or let"
                  + " nobody pass that a shared limit counts");

  private ClusterReader() {}

  private static ConfigKey<String> password(
      String name, Function<Cluster, Object> read, String words) {
    return KEYS.restartOnly(c -> of(c, read))
        .secret(name, Form.words("text, or `file:PATH`"), "none", words);
  }

  /** Of the cluster; null without one. */
  private static Object of(Configuration all, Function<Cluster, Object> what) {
    return all.cluster() == null ? null : what.apply(all.cluster());
  }

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
    Cluster.Redis redis = section.read(REDIS);
    String name = section.read(NAME);
    Cluster.Token token = token(section, TOKEN);
    Cluster.Token ofSentinels = token(section, SENTINEL_TOKEN);
    List<Integer> ports = section.readList(REDIS_PORTS);
    String pem = section.read(CA);
    Cluster.WhenAway whenAway = section.read(WHEN_AWAY);
    if (redis != null) {
      refuse(section, SENTINEL_TOKEN, redis.sentinel(), "redis-sentinel:// or rediss-sentinel://");
      refuse(section, REDIS_PORTS, redis.sentinel(), "redis-sentinel:// or rediss-sentinel://");
      refuse(section, CA, redis.tls(), "rediss:// or rediss-sentinel://");
    }
    if (ports != null && ports.size() > MOST_PORTS) {
      section
          .problems()
          .error(
              section.whereOf(REDIS_PORTS.name()),
              "redis-ports: at most " + MOST_PORTS + " of them");
    }
    return new Cluster(
        redis,
        name,
        whenAway,
        token,
        ofSentinels,
        ports == null || ports.isEmpty() ? List.of(RedisUrl.STANDARD_PORT) : List.copyOf(ports),
        new Cluster.Authority(Objects.requireNonNullElse(pem, "")));
  }

  private static Cluster.Token token(Section section, ConfigKey<String> key) {
    String token =
        section.read(key, (text, where) -> Secrets.read(section, key.name(), text, where, true));
    return new Cluster.Token(Objects.requireNonNullElse(token, ""));
  }

  /** What is written, and would never be looked at, is a mistake. */
  private static void refuse(Section section, ConfigKey<?> key, boolean used, String by) {
    String name = key.name();
    if (!used && !section.isAbsent(name)) {
      section.problems().error(section.whereOf(name), name + " is for a redis of " + by + " alone");
    }
  }

  /** The certificates of a file, and nothing else that it may hold. */
  private static String certificates(String name, Where where) {
    Path path = Path.of(EndpointParser.path(name, where.directory()));
    String text;
    try {
      byte[] bytes = RegularFile.read(path, MOST_FILE);
      text = new String(bytes, StandardCharsets.ISO_8859_1);
    } catch (InvalidValueException e) {
      throw new InvalidValueException(path + " cannot be read: " + e.getMessage());
    }
    StringBuilder found = new StringBuilder();
    Matcher matcher = CERTIFICATE.matcher(text);
    int count = 0;
    while (matcher.find()) {
      count++;
      found.append(matcher.group()).append('\n');
      try {
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(matcher.group().getBytes(StandardCharsets.ISO_8859_1)));
      } catch (CertificateException e) {
        throw new InvalidValueException(path + ": its certificate number " + count + " is none");
      }
    }
    if (count == 0) {
      throw new InvalidValueException(
          path + " has no certificate (PEM, -----BEGIN CERTIFICATE-----)");
    }
    if (found.length() > MOST_CERTIFICATES) {
      throw new InvalidValueException(
          path
              + " has certificates of "
              + found.length()
              + " bytes; "
              + MOST_CERTIFICATES
              + " are possible: name the one that signs Redis' certificate");
    }
    return found.toString();
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
}
