package org.portbouncer.launcher.cli;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.portbouncer.acl.Source;
import org.portbouncer.acl.acl.RuleMatcher;
import org.portbouncer.config.Overlap;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.IpAddress;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.Rule;

/**
 * What the rules decide about one client at one time, and why: the same matcher that the acl worker
 * has, and every rule it considered on the way.
 *
 * @param acl null where the listener has none
 * @param rule null where no rule decides
 * @param bandwidth the class that would apply; null for none
 * @param via the chain it would go through; null for none
 * @param source what the limits per source count the client as
 * @param considered up to the rule that decides, it included
 */
record AclTest(
    Listener listener,
    ClientAddress client,
    Instant at,
    Acl acl,
    Rule rule,
    String bandwidth,
    String via,
    String source,
    List<Considered> considered) {

  /**
   * One rule and what became of it.
   *
   * @param whyNot empty where it matches
   */
  record Considered(Rule rule, List<String> whyNot) {}

  /**
   * Decides.
   *
   * @param peer who really connects; null where that is the client
   * @param to the address it comes to; null, or without a port, for what the listener alone says
   */
  static AclTest of(
      Configuration configuration,
      Listener listener,
      ClientAddress client,
      ClientAddress peer,
      ClientAddress to,
      Instant at) {
    Acl acl = listener.acl() < 0 ? null : configuration.acls().get(listener.acl());
    List<Considered> considered = new ArrayList<>();
    Rule rule = null;
    if (acl != null) {
      RuleMatcher matcher = new RuleMatcher(acl);
      long nowMs = at.toEpochMilli();
      matcher.arrival(
          peer == null ? client.address() : peer.address(),
          to == null ? soleAddress(listener) : to.address(),
          to == null || !to.hasPort() ? solePort(listener) : to.port());
      int index = matcher.match(client.address(), client.port(), nowMs);
      rule = index == RuleMatcher.NONE ? null : acl.rules().get(index);
      int last = rule == null ? acl.rules().size() - 1 : index;
      for (int i = 0; i <= last; i++) {
        considered.add(
            new Considered(
                acl.rules().get(i), matcher.whyNot(i, client.address(), client.port(), nowMs)));
      }
    }
    int bandwidth = rule != null && rule.bandwidth() >= 0 ? rule.bandwidth() : listener.bandwidth();
    int via = configuration.via(configuration.listeners().indexOf(listener), rule);
    return new AclTest(
        listener,
        client,
        at,
        acl,
        rule,
        bandwidth < 0 ? null : configuration.bandwidth().get(bandwidth).name(),
        via < 0 ? null : configuration.chains().get(via).name(),
        Source.text(client.address(), configuration.sourcePrefix()),
        considered);
  }

  /**
   * The one address that every client comes to; null where there are several, or a header may say
   * another.
   */
  private static IpAddress soleAddress(Listener listener) {
    List<String> all = listener.listen().stream().map(Endpoint::host).distinct().toList();
    boolean known =
        all.size() == 1 && !Overlap.isAny(all.getFirst()) && !listener.proxy().accepts();
    return known ? IpAddress.parse(all.getFirst()) : null;
  }

  /** The one port that every client comes to; {@link RuleMatcher#NO_PORT} likewise. */
  private static int solePort(Listener listener) {
    int port = listener.listen().getFirst().port();
    boolean known =
        port > 0
            && !listener.proxy().accepts()
            && listener.listen().stream().allMatch(at -> at.port() == port);
    return known ? port : RuleMatcher.NO_PORT;
  }

  boolean passes() {
    return acl == null || (rule != null && rule.action() == Rule.Action.PASS);
  }

  /** The group that its target is; null for a single server. */
  String group() {
    return listener.target().kind() == Endpoint.Kind.GROUP ? listener.target().path() : null;
  }

  /** Why, in one line. */
  String reason() {
    if (acl == null) {
      return "listener '" + listener.name() + "' has no acl: everyone may connect";
    }
    if (rule == null) {
      return "no rule of acl '" + acl.name() + "' matches, and no match blocks";
    }
    return "rule '" + rule.name() + "' at " + place(rule) + " is the first that matches";
  }

  /** The system's zone, by which hours were judged that name none; null where none were. */
  String zone() {
    return considered.stream()
        .map(one -> one.rule().when())
        .filter(when -> when != null && when.leavesZoneOpen())
        .map(when -> when.defaultZone().getId())
        .findFirst()
        .orElse(null);
  }

  static String place(Rule rule) {
    return rule.file() + ":" + rule.line();
  }
}
