package org.portbouncer.config;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.Cluster;
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
    Cluster.Redis redis = section.read("redis", (text, where) -> RedisUrl.read(text));
    String name = section.read("name", (text, where) -> Names.require(text));
    Cluster.Token token = token(section, "token");
    Cluster.Token ofSentinels = token(section, "sentinel-token");
    List<Integer> ports =
        section.readList(
            "redis-ports", (text, where) -> Quantities.integer(text, 1, RedisUrl.LAST_PORT));
    String pem = section.read("ca", ClusterReader::certificates);
    Cluster.WhenAway whenAway =
        section.read(
            "when-away",
            Names.choice(
                Names.choices(
                    Map.entry("local", Cluster.WhenAway.LOCAL),
                    Map.entry("refuse", Cluster.WhenAway.REFUSE))));
    if (redis != null) {
      refuse(
          section, "sentinel-token", redis.sentinel(), "redis-sentinel:// or rediss-sentinel://");
      refuse(section, "redis-ports", redis.sentinel(), "redis-sentinel:// or rediss-sentinel://");
      refuse(section, "ca", redis.tls(), "rediss:// or rediss-sentinel://");
    }
    if (ports != null && ports.size() > MOST_PORTS) {
      section
          .problems()
          .error(section.whereOf("redis-ports"), "redis-ports: at most " + MOST_PORTS + " of them");
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

  private static Cluster.Token token(Section section, String key) {
    String token =
        section.read(key, (text, where) -> Secrets.read(section, key, text, where, true));
    return new Cluster.Token(Objects.requireNonNullElse(token, ""));
  }

  /** What is written, and would never be looked at, is a mistake. */
  private static void refuse(Section section, String key, boolean used, String by) {
    if (!used && !section.isAbsent(key)) {
      section.problems().error(section.whereOf(key), key + " is for a redis of " + by + " alone");
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
