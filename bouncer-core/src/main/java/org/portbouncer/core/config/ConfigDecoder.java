package org.portbouncer.core.config;

import java.lang.foreign.MemorySegment;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads the records of a configuration and checks that they fit together. Runs in workers. */
final class ConfigDecoder {

  private static final int ANY = Integer.MAX_VALUE;

  private final CodecReader in;

  /** Where the networks of rules lie; null where they are not wanted. */
  private final MemorySegment memory;

  /** Names of files, which most rules share. */
  private final Map<String, String> files = new HashMap<>();

  ConfigDecoder(CodecReader in, MemorySegment memory) {
    this.in = in;
    this.memory = memory;
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
            in.list(this::group),
            in.list(this::chain),
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
            in.flag(),
            in.flag(),
            null);
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
      ok &= listener.group() < configuration.targets().size();
      ok &= listener.group() >= 0 == (listener.target().kind() == Endpoint.Kind.GROUP);
    }
    for (Listener listener : configuration.listeners()) {
      ok &= isOfOneKind(listener, configuration.targets());
      ok &= listener.via() < configuration.chains().size();
    }
    for (Chain chain : configuration.chains()) {
      ok &= !chain.hops().isEmpty();
    }
    for (TargetGroup group : configuration.targets()) {
      ok &= !group.members().isEmpty();
    }
    for (Acl acl : configuration.acls()) {
      for (Rule rule : acl.rules()) {
        ok &= rule.bandwidth() < classes && rule.via() < configuration.chains().size();
      }
    }
    for (Listener listener : configuration.listeners()) {
      ok =
          ok
              && (listener.target().isTcp()
                  || configuration.vias(listener).stream().allMatch(via -> via < 0));
    }
    if (!ok) {
      throw new ConfigCodecException(
          "a reference to an acl, class, group or chain that is not there");
    }
  }

  /** Whether its clients and its targets all connect, or all send datagrams. */
  private static boolean isOfOneKind(Listener listener, List<TargetGroup> groups) {
    boolean udp = listener.udp();
    int group = listener.group();
    return listener.listen().stream().allMatch(one -> one.udp() == udp)
        && listener.target().udp() == udp
        && (group < 0
            || group < groups.size()
                && groups.get(group).members().stream().allMatch(m -> m.address().udp() == udp));
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
        in.integer(1, ANY),
        in.integer(0, ANY));
  }

  private Timeouts timeouts() throws ConfigCodecException {
    return new Timeouts(
        in.longInteger(0),
        in.longInteger(0),
        in.longInteger(0),
        in.longInteger(0),
        in.longInteger(0));
  }

  private Listener listener() throws ConfigCodecException {
    return new Listener(
        in.text(),
        in.list(this::endpoint),
        endpoint(),
        in.integer(-1, ANY),
        in.integer(-1, ANY),
        in.integer(-1, ANY),
        in.integer(-1, ANY),
        timeouts(),
        keepAlive(),
        new ListenOptions(in.integer(-1, 0777), in.text(), in.text(), in.flag()),
        sockets(),
        proxy(),
        in.integer(0, ANY),
        in.text(),
        in.integer());
  }

  private ProxyProtocol proxy() throws ConfigCodecException {
    List<String> from = in.list(in::text);
    ProxyProtocol.Send send = in.constant(ProxyProtocol.Send.values());
    ProxyProtocol.Tlvs tlvs =
        new ProxyProtocol.Tlvs(
            in.flag(),
            in.flag(),
            in.text(),
            in.text(),
            in.flag(),
            in.list(() -> in.integer(0, 255)),
            in.list(() -> new ProxyProtocol.Custom(in.integer(0, 255), in.text())));
    try {
      return ProxyProtocol.of(from, send, tlvs);
    } catch (InvalidValueException e) {
      throw new ConfigCodecException("not a network: " + e.getMessage(), e);
    }
  }

  private Chain chain() throws ConfigCodecException {
    return new Chain(in.text(), in.list(this::hop), in.text(), in.integer());
  }

  private Chain.Hop hop() throws ConfigCodecException {
    return new Chain.Hop(
        in.constant(Chain.Type.values()), endpoint(), in.text(), in.flag(), HopSecrets.NONE);
  }

  private TargetGroup group() throws ConfigCodecException {
    return new TargetGroup(
        in.text(),
        in.list(this::member),
        in.constant(TargetGroup.Balance.values()),
        in.integer(1, 255),
        new TargetGroup.Eject(in.integer(0, ANY), in.longInteger(0), in.longInteger(0)),
        check(),
        in.longInteger(0),
        in.constant(TargetGroup.WhenAllDown.values()),
        in.flag(),
        in.longInteger(0),
        in.integer(0, TargetGroup.MOST_SPARES),
        in.text(),
        in.integer());
  }

  private TargetGroup.Member member() throws ConfigCodecException {
    return new TargetGroup.Member(
        in.text(),
        endpoint(),
        in.integer(1, ANY),
        in.integer(0, ANY),
        in.flag(),
        in.nullable(() -> in.constant(ProxyProtocol.Send.values())),
        sockets());
  }

  private SocketSettings sockets() throws ConfigCodecException {
    if (!in.flag()) {
      return SocketSettings.NONE;
    }
    String source = in.text();
    if (!source.isEmpty()
        && !source.equals(SocketSettings.CLIENT)
        && IpAddress.parse(source) == null) {
      throw new ConfigCodecException("a source that is no address");
    }
    String device = in.text();
    long mark = in.longInteger(SocketSettings.UNSET);
    if (mark > SocketSettings.MOST_MARK) {
      throw new ConfigCodecException("a mark that is none");
    }
    return new SocketSettings(
        source,
        device,
        mark,
        in.integer(SocketSettings.UNSET, SocketSettings.MOST_DSCP),
        in.integer(SocketSettings.UNSET, KeepAlive.MOST_SECONDS * 1000),
        in.integer(SocketSettings.UNSET, 1),
        in.integer(SocketSettings.UNSET, 1));
  }

  private TargetGroup.Check check() throws ConfigCodecException {
    return new TargetGroup.Check(
        in.constant(TargetGroup.Check.Type.values()),
        in.longInteger(0),
        in.longInteger(0),
        in.integer(1, ANY),
        in.integer(1, ANY),
        in.text(),
        in.text(),
        in.integer(0, 65535));
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
        in.constant(Endpoint.Kind.values()),
        in.text(),
        in.text(),
        in.integer(0, 65535),
        in.text(),
        in.constant(Endpoint.Ports.values()),
        in.flag());
  }

  private Acl acl() throws ConfigCodecException {
    return new Acl(in.text(), in.list(this::rule), in.nullable(this::index));
  }

  private RuleIndex index() throws ConfigCodecException {
    RuleIndex.Parts parts =
        new RuleIndex.Parts(
            in.longInteger(0),
            in.integer(1, ANY),
            in.longInteger(0),
            in.longInteger(0),
            in.integer(1, ANY),
            in.longInteger(0),
            in.integer(1, ANY));
    if (memory == null) {
      return null;
    }
    if (!parts.fitInto(memory.byteSize())) {
      throw new ConfigCodecException("an index that does not lie in its memory");
    }
    return new RuleIndex(memory, parts, null);
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
        in.integer(Rule.LISTENERS_VIA, ANY),
        in.integer(0, ANY),
        in.integer(0, ANY),
        in.nullable(this::rate),
        in.nullable(this::rate),
        in.flag(),
        in.flag(),
        in.flag(),
        in.nullable(this::arrival),
        in.flag(),
        files.computeIfAbsent(in.text(), file -> file),
        in.integer());
  }

  private Arrival arrival() throws ConfigCodecException {
    List<String> peers = in.list(in::text);
    List<String> addresses = in.list(in::text);
    List<PortRange> ports = in.list(this::ports);
    try {
      return Arrival.of(peers, addresses, ports);
    } catch (InvalidValueException e) {
      throw new ConfigCodecException("not a network: " + e.getMessage(), e);
    }
  }

  private NetworkSet networks() throws ConfigCodecException {
    long v4 = in.longInteger(0);
    int countV4 = in.integer(0, RuleMemory.MOST_NETWORKS);
    long v6 = in.longInteger(0);
    int countV6 = in.integer(0, RuleMemory.MOST_NETWORKS);
    if (memory == null) {
      return NetworkSet.EMPTY;
    }
    long size = memory.byteSize();
    if (v4 % 8 != 0
        || v4 > size - (long) countV4 * Ranges.V4_BYTES
        || v6 % 8 != 0
        || v6 > size - (long) countV6 * Ranges.V6_BYTES) {
      throw new ConfigCodecException("networks that do not lie in their memory");
    }
    return new NetworkSet(memory, v4, countV4, v6, countV6);
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
