package org.portbouncer.core.config;

/** Writes the records of a configuration. Runs in the mother. */
final class ConfigEncoder {

  private final CodecWriter out = new CodecWriter();

  byte[] encode(Configuration configuration) {
    out.number(ConfigCodec.MAGIC);
    out.octet(ConfigCodec.VERSION);
    out.text(configuration.file());
    out.list(configuration.listeners(), this::listener);
    out.list(configuration.targets(), this::group);
    out.list(configuration.chains(), this::chain);
    out.list(configuration.acls(), this::acl);
    out.list(configuration.bandwidth(), this::bandwidth);
    out.number(configuration.sourcePrefix().v4());
    out.number(configuration.sourcePrefix().v6());
    workers(configuration.workers());
    out.constant(configuration.stateTransfer().mode());
    out.text(configuration.stateTransfer().directory());
    out.number(configuration.stateTransfer().padding());
    out.number(configuration.stateTransfer().slots());
    timeouts(configuration.timeouts());
    out.number(configuration.drainMs());
    out.number(configuration.orphanMs());
    out.number(configuration.maxSessions());
    out.text(configuration.admin().socket());
    out.number(configuration.admin().mode());
    out.nullable(configuration.metrics().listen(), this::endpoint);
    out.list(configuration.metrics().hosts(), out::text);
    out.text(configuration.log().level());
    out.list(configuration.log().levels(), this::level);
    out.constant(configuration.log().access().to());
    out.text(configuration.log().access().path());
    out.flag(configuration.log().access().json());
    out.text(configuration.user());
    out.text(configuration.group());
    out.flag(configuration.confine());
    out.flag(configuration.survive());
    return out.bytes();
  }

  private void level(Configuration.NamedLevel level) {
    out.text(level.name());
    out.text(level.level());
  }

  private void workers(Configuration.Workers workers) {
    out.number(workers.negotiate());
    out.number(workers.acl());
    out.number(workers.connect());
    out.number(workers.bandwidth());
    out.number(workers.io());
    out.number(workers.spares());
  }

  private void timeouts(Timeouts timeouts) {
    out.number(timeouts.negotiateMs());
    out.number(timeouts.connectMs());
    out.number(timeouts.idleMs());
    out.number(timeouts.halfClosedMs());
    out.number(timeouts.udpMs());
  }

  private void listener(Listener listener) {
    out.text(listener.name());
    out.list(listener.listen(), this::endpoint);
    endpoint(listener.target());
    out.number(listener.group());
    out.number(listener.acl());
    out.number(listener.bandwidth());
    out.number(listener.via());
    timeouts(listener.timeouts());
    out.number(listener.keepAlive().idleS());
    out.number(listener.keepAlive().intervalS());
    out.number(listener.keepAlive().count());
    out.number(listener.keepAlive().userTimeoutMs());
    out.number(listener.options().mode());
    out.text(listener.options().owner());
    out.text(listener.options().group());
    out.flag(listener.options().freeBind());
    sockets(listener.sockets());
    proxy(listener.proxy());
    out.number(listener.answers());
    out.text(listener.file());
    out.number(listener.line());
  }

  private void chain(Chain chain) {
    out.text(chain.name());
    out.list(chain.hops(), this::hop);
    out.text(chain.file());
    out.number(chain.line());
  }

  private void hop(Chain.Hop hop) {
    out.constant(hop.type());
    endpoint(hop.proxy());
    out.text(hop.user());
    out.flag(hop.local());
  }

  private void group(TargetGroup group) {
    out.text(group.name());
    out.list(group.members(), this::member);
    out.constant(group.balance());
    out.number(group.attempts());
    out.number(group.eject().failures());
    out.number(group.eject().withinMs());
    out.number(group.eject().forMs());
    check(group.check());
    out.number(group.resolveMs());
    out.constant(group.whenAllDown());
    out.flag(group.endOnDown());
    out.number(group.slowStartMs());
    out.number(group.spareConnections());
    out.text(group.file());
    out.number(group.line());
  }

  private void member(TargetGroup.Member member) {
    out.text(member.name());
    endpoint(member.address());
    out.number(member.weight());
    out.number(member.maxSessions());
    out.flag(member.backup());
    out.nullable(member.send(), out::constant);
    sockets(member.sockets());
  }

  private void sockets(SocketSettings sockets) {
    out.flag(!sockets.isNone());
    if (!sockets.isNone()) {
      out.text(sockets.source());
      out.text(sockets.device());
      out.number(sockets.mark());
      out.number(sockets.dscp());
      out.number(sockets.userTimeoutMs());
      out.number(sockets.mptcp());
      out.number(sockets.nodelay());
    }
  }

  private void check(TargetGroup.Check check) {
    out.constant(check.type());
    out.number(check.everyMs());
    out.number(check.timeoutMs());
    out.number(check.rise());
    out.number(check.fall());
    out.text(check.send());
    out.text(check.expect());
    out.number(check.port());
  }

  private void proxy(ProxyProtocol proxy) {
    out.list(proxy.from(), out::text);
    out.constant(proxy.send());
    ProxyProtocol.Tlvs tlvs = proxy.tlvs();
    out.flag(tlvs.uniqueId());
    out.flag(tlvs.crc32c());
    out.text(tlvs.alpn());
    out.text(tlvs.authority());
    out.flag(tlvs.passAll());
    out.list(tlvs.pass(), out::number);
    out.list(
        tlvs.custom(),
        one -> {
          out.number(one.type());
          out.text(one.text());
        });
  }

  private void endpoint(Endpoint endpoint) {
    out.constant(endpoint.kind());
    out.text(endpoint.text());
    out.text(endpoint.host());
    out.number(endpoint.port());
    out.text(endpoint.path());
    out.constant(endpoint.ports());
    out.flag(endpoint.udp());
  }

  private void acl(Acl acl) {
    out.text(acl.name());
    out.list(acl.rules(), this::rule);
    out.nullable(acl.index(), this::index);
  }

  private void index(RuleIndex index) {
    RuleIndex.Parts parts = index.parts();
    out.number(parts.v4());
    out.number(parts.v4Count());
    out.number(parts.v6());
    out.number(parts.v6Lists());
    out.number(parts.v6Count());
    out.number(parts.lists());
    out.number(parts.length());
  }

  private void rule(Rule rule) {
    out.text(rule.name());
    out.constant(rule.action());
    out.nullable(rule.from(), this::networks);
    out.list(rule.fromPorts(), this::ports);
    out.nullable(rule.when(), this::schedule);
    out.number(rule.bandwidth());
    out.number(rule.via());
    out.number(rule.maxSessions());
    out.number(rule.maxSessionsPerSource());
    out.nullable(rule.rate(), this::rate);
    out.nullable(rule.ratePerSource(), this::rate);
    out.flag(rule.logConnect());
    out.flag(rule.logDisconnect());
    out.flag(rule.logError());
    out.nullable(rule.arrival(), this::arrival);
    out.flag(rule.shared());
    out.text(rule.file());
    out.number(rule.line());
  }

  private void arrival(Arrival arrival) {
    out.list(arrival.peers(), out::text);
    out.list(arrival.addresses(), out::text);
    out.list(arrival.toPorts(), this::ports);
  }

  private void networks(NetworkSet networks) {
    out.number(networks.offsetV4());
    out.number(networks.countV4());
    out.number(networks.offsetV6());
    out.number(networks.countV6());
  }

  private void ports(PortRange ports) {
    out.number(ports.first());
    out.number(ports.last());
  }

  private void schedule(Schedule schedule) {
    out.text(schedule.text());
    out.text(schedule.defaultZone().getId());
  }

  private void rate(Rate rate) {
    out.number(rate.count());
    out.number(rate.periodMs());
  }

  private void bandwidth(BandwidthClass bandwidth) {
    out.text(bandwidth.name());
    out.number(bandwidth.up());
    out.number(bandwidth.down());
    out.number(bandwidth.burst());
    out.constant(bandwidth.sharedBy());
  }
}
