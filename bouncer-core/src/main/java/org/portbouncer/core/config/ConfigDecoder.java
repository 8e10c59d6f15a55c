package org.portbouncer.core.config;

import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.List;

/** Reads the records of a configuration and checks that they fit together. Runs in workers. */
final class ConfigDecoder {

  private static final int ANY = Integer.MAX_VALUE;

  private final CodecReader in;
  private final boolean networks;

  ConfigDecoder(CodecReader in, boolean networks) {
    this.in = in;
    this.networks = networks;
  }

  Configuration configuration() throws ConfigCodecException {
    if (in.integer() != ConfigCodec.MAGIC) {
      throw new ConfigCodecException("not an encoded configuration");
    }
    int version = in.octet();
    if (version != ConfigCodec.VERSION) {
      throw new ConfigCodecException(
          "a configuration of version " + version + "; this is version " + ConfigCodec.VERSION);
    }
    Configuration configuration =
        new Configuration(
            in.text(),
            in.list(this::listener),
            in.list(this::acl),
            in.list(this::bandwidth),
            new Configuration.SourcePrefix(in.integer(0, 32), in.integer(0, 128)),
            workers(),
            new Configuration.StateTransfer(
                in.constant(Configuration.StateTransfer.Mode.values()),
                in.text(),
                in.integer(0, 16 << 20),
                in.integer(1, 65536)),
            timeouts(),
            in.longInteger(0),
            in.longInteger(0),
            in.integer(1, ANY),
            new Configuration.Admin(in.text(), in.integer(0, 0777)),
            new Configuration.Metrics(in.nullable(this::endpoint), in.list(in::text)),
            new Configuration.Log(
                in.text(),
                in.list(this::level),
                new Configuration.AccessLog(
                    in.constant(Configuration.AccessLog.Sink.values()), in.text(), in.flag())),
            in.text(),
            in.text(),
            in.flag());
    in.end();
    requireReferences(configuration);
    return configuration;
  }

  /** Nobody who uses the configuration need check its indexes again. */
  private static void requireReferences(Configuration configuration) throws ConfigCodecException {
    int acls = configuration.acls().size();
    int classes = configuration.bandwidth().size();
    boolean ok = true;
    for (Listener listener : configuration.listeners()) {
      ok &= listener.acl() < acls && listener.bandwidth() < classes;
    }
    for (Acl acl : configuration.acls()) {
      for (Rule rule : acl.rules()) {
        ok &= rule.bandwidth() < classes;
      }
    }
    if (!ok) {
      throw new ConfigCodecException("a reference to an acl or bandwidth class that is not there");
    }
  }

  private Configuration.NamedLevel level() throws ConfigCodecException {
    return new Configuration.NamedLevel(in.text(), in.text());
  }

  private Configuration.Workers workers() throws ConfigCodecException {
    return new Configuration.Workers(
        in.integer(1, ANY),
        in.integer(1, ANY),
        in.integer(1, ANY),
        in.integer(1, ANY),
        in.integer(1, ANY));
  }

  private Timeouts timeouts() throws ConfigCodecException {
    return new Timeouts(in.longInteger(0), in.longInteger(0), in.longInteger(0), in.longInteger(0));
  }

  private Listener listener() throws ConfigCodecException {
    return new Listener(
        in.text(),
        in.list(this::endpoint),
        endpoint(),
        in.integer(-1, ANY),
        in.integer(-1, ANY),
        timeouts(),
        keepAlive(),
        in.text(),
        in.integer());
  }

  private KeepAlive keepAlive() throws ConfigCodecException {
    return new KeepAlive(
        in.integer(0, KeepAlive.MOST_SECONDS),
        in.integer(0, KeepAlive.MOST_SECONDS),
        in.integer(0, KeepAlive.MOST_COUNT),
        in.integer(KeepAlive.FOLLOWS, KeepAlive.MOST_SECONDS * 1000));
  }

  private Endpoint endpoint() throws ConfigCodecException {
    return new Endpoint(
        in.constant(Endpoint.Kind.values()), in.text(), in.text(), in.integer(0, 65535), in.text());
  }

  private Acl acl() throws ConfigCodecException {
    return new Acl(in.text(), in.list(this::rule));
  }

  private Rule rule() throws ConfigCodecException {
    String name = in.text();
    Rule.Action action = in.constant(Rule.Action.values());
    NetworkSet from = in.nullable(this::networks);
    List<PortRange> ports = in.list(this::ports);
    Schedule when = in.nullable(this::schedule);
    return new Rule(
        name,
        action,
        from,
        ports,
        when,
        in.integer(-1, ANY),
        in.integer(0, ANY),
        in.integer(0, ANY),
        in.nullable(this::rate),
        in.nullable(this::rate),
        in.flag(),
        in.flag(),
        in.flag(),
        in.text(),
        in.integer());
  }

  private NetworkSet networks() throws ConfigCodecException {
    if (!networks) {
      in.skipLongs();
      in.skipLongs();
      return NetworkSet.EMPTY;
    }
    try {
      return NetworkSet.ofRanges(in.longs(), in.longs());
    } catch (InvalidValueException e) {
      throw new ConfigCodecException(e.getMessage(), e);
    }
  }

  private PortRange ports() throws ConfigCodecException {
    return new PortRange(in.integer(0, 65535), in.integer(0, 65535));
  }

  private Schedule schedule() throws ConfigCodecException {
    try {
      return Schedule.parse(in.text(), ZoneId.of(in.text()));
    } catch (InvalidValueException | DateTimeException e) {
      throw new ConfigCodecException("not a schedule: " + e.getMessage(), e);
    }
  }

  private Rate rate() throws ConfigCodecException {
    return new Rate(in.integer(1, ANY), in.longInteger(1));
  }

  private BandwidthClass bandwidth() throws ConfigCodecException {
    return new BandwidthClass(
        in.text(),
        in.longInteger(0),
        in.longInteger(0),
        in.longInteger(0),
        in.constant(BandwidthClass.SharedBy.values()));
  }
}
