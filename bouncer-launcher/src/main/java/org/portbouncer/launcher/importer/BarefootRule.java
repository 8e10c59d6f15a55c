package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.portbouncer.config.Overlap;

/** A rule of Barefoot's: for whom, where they came to, where they go, and how many. */
final class BarefootRule {

  private static final Set<String> KNOWN =
      Set.of(
          "from",
          "to",
          "bounce to",
          "log",
          "protocol",
          "command",
          "bandwidth",
          "session.max",
          "session.throttle",
          "session.inheritable",
          "session.state.key",
          "session.state.max",
          "session.state.throttle",
          "method",
          "clientmethod",
          "socksmethod",
          "timeout.connect",
          "timeout.negotiate",
          "timeout.io",
          "timeout.io.tcp",
          "timeout.io.udp");

  /** What counts clients of both protocols together. */
  private static final Set<String> COUNTING =
      Set.of(
          "bandwidth",
          "session.max",
          "session.throttle",
          "session.state.max",
          "session.state.throttle");

  private final Draft draft;
  private final BarefootSyntax.Block block;
  private final BarefootAddress from;
  private final BarefootAddress to;
  private final String target;
  private final boolean forTcp;
  private final boolean forUdp;
  private boolean passes;

  BarefootRule(Draft draft, Services services, BarefootSyntax.Block block)
      throws UnreadableException {
    this.draft = draft;
    this.block = block;
    from = address("from", services);
    to = address("to", services);
    passes = block.kind().endsWith("pass");
    target = passes ? target(services) : "";
    BarefootSyntax.Part protocol = block.last("protocol");
    forTcp = protocol == null || protocol.words().contains("tcp");
    forUdp = protocol == null || protocol.words().contains("udp");
    if (passes) {
      restrictions();
    }
  }

  private BarefootAddress address(String key, Services services) throws UnreadableException {
    BarefootSyntax.Part part = block.last(key);
    BarefootAddress address = BarefootAddress.of(part == null ? List.of() : part.words(), services);
    if (address == null) {
      throw new UnreadableException(
          part.origin(), "'" + key + "' has no port that could be understood");
    }
    return address;
  }

  private String target(Services services) throws UnreadableException {
    BarefootSyntax.Part bounce = block.last("bounce to");
    BarefootAddress address = bounce == null ? null : BarefootAddress.of(bounce.words(), services);
    if (address == null || !address.hasOnePort()) {
      throw new UnreadableException(
          bounce == null ? block.origin() : bounce.origin(),
          "'bounce to: ADDRESS port = PORT' is expected");
    }
    return Addresses.join(address.host(), address.firstPort());
  }

  /** What keeps clients out and cannot be asked here makes the rule one that lets nobody in. */
  private void restrictions() {
    for (BarefootSyntax.Part part : block.parts()) {
      boolean asks = part.key().endsWith("method") && !part.words().equals(List.of("none"));
      if (asks || !KNOWN.contains(part.key())) {
        draft.left(
            part.origin(), "is not asked here, and might keep clients out: the rule's are blocked");
        passes = false;
      }
    }
    if (from.perhaps().minus(from.surely()).isEmpty()) {
      return;
    }
    draft.left(
        block.last("from").origin(), "'" + from.host() + "' is a name, which DNS must answer for");
  }

  BarefootSyntax.Block block() {
    return block;
  }

  BarefootAddress to() {
    return to;
  }

  /** Whether it lets in who connects, or who sends datagrams. */
  boolean passes(boolean udp) {
    return passes && (udp ? forUdp && !countsBoth() : forTcp);
  }

  /**
   * Whether its limits are for connections and datagrams together, so that datagrams would be let
   * in beyond them.
   */
  boolean countsBoth() {
    return forTcp && forUdp && block.parts().stream().anyMatch(one -> COUNTING.contains(one.key()));
  }

  String target() {
    return target;
  }

  /** Whether it is about clients who came to this address. */
  boolean isFor(String host, int port, boolean udp) {
    AddressSet here = AddressSet.parse(host);
    boolean any = Overlap.isAny(host);
    boolean at = any || here == null || !to.perhaps().intersection(here).isEmpty();
    boolean written = to.host().equals(host);
    return (udp ? forUdp : forTcp) && (at || written) && to.hasPort(port);
  }

  /**
   * Adds it to those of a listener.
   *
   * @param pass whether it lets clients in there
   */
  void addTo(Access access, boolean pass) {
    List<Origin> origins = new ArrayList<>(List.of(block.origin()));
    if (block.last("from") != null) {
      origins.add(block.last("from").origin());
    }
    List<Entry> own = new ArrayList<>();
    if (!from.hasAllPorts()) {
      own.add(
          new Entry(
              block.last("from").origin(),
              "from-port",
              Hocon.text(from.firstPort() + "-" + from.lastPort())));
    }
    if (pass) {
      limits(own);
    }
    access.add(origins, pass, pass ? from.surely() : from.perhaps(), own);
  }

  private void limits(List<Entry> own) {
    number(own, "session.max", "max-sessions");
    throttle(own, "session.throttle", "rate");
    BarefootSyntax.Part key = block.last("session.state.key");
    boolean perSource = key != null && key.word(0).equals("from");
    if (key != null && !perSource) {
      draft.left(
          key.origin(), "counts by '" + key.word(0) + "' there; here all of the rule together");
    }
    if (perSource) {
      draft.setting(key.origin(), "source-prefix.v6", "128");
    }
    if (perSource || own.stream().noneMatch(entry -> entry.key().equals("max-sessions"))) {
      number(own, "session.state.max", perSource ? "max-sessions-per-source" : "max-sessions");
    }
    if (perSource || own.stream().noneMatch(entry -> entry.key().equals("rate"))) {
      throttle(own, "session.state.throttle", perSource ? "rate-per-source" : "rate");
    }
    log(own);
    bandwidth(own);
  }

  private void number(List<Entry> own, String name, String key) {
    BarefootSyntax.Part part = block.last(name);
    if (part != null && part.word(0).matches("[1-9][0-9]{0,8}")) {
      own.add(new Entry(part.origin(), key, part.word(0)));
    }
  }

  /** {@code N/S}: so many in so many seconds. */
  private void throttle(List<Entry> own, String name, String key) {
    BarefootSyntax.Part part = block.last(name);
    String text = part == null ? "" : String.join("", part.words());
    if (text.matches("[1-9][0-9]{0,8}/[1-9][0-9]{0,5}")) {
      own.add(new Entry(part.origin(), key, Hocon.text(text + "s")));
    }
  }

  private void log(List<Entry> own) {
    BarefootSyntax.Part log = block.last("log");
    if (log == null) {
      return;
    }
    List<String> kept =
        log.words().stream().filter(Set.of("connect", "disconnect", "error")::contains).toList();
    if (!kept.isEmpty()) {
      own.add(new Entry(log.origin(), "log", "[" + String.join(", ", kept) + "]"));
    }
    if (kept.size() < log.words().size()) {
      draft.left(log.origin(), "only starts, ends and errors of sessions are logged, never data");
    }
  }

  private void bandwidth(List<Entry> own) {
    BarefootSyntax.Part part = block.last("bandwidth");
    if (part == null || !part.word(0).matches("[1-9][0-9]{0,11}")) {
      return;
    }
    String name = "line-" + part.origin().line();
    String rate = Hocon.text(part.word(0) + " B/s");
    draft.bandwidth.put(
        name,
        List.of(
            new Entry(part.origin(), "up", rate),
            new Entry(part.origin(), "down", rate),
            new Entry(part.origin(), "shared-by", "rule")));
    own.add(new Entry(part.origin(), "bandwidth", name));
    draft.left(part.origin(), "is for both ways together there; here each way has as much");
  }
}
