package org.portbouncer.launcher.importer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads barefootd.conf: where it listens, and the rules for that. */
final class BarefootReader {

  /** Settings that say how Barefoot runs, not what it does with connections. */
  private static final Set<String> OF_THE_PROCESS =
      Set.of(
          "errorlog",
          "debug",
          "compatibility",
          "child.maxidle",
          "child.maxrequests",
          "child.noise",
          "cpu.schedule",
          "cpu.mask",
          "realm",
          "srchost",
          "udp.portrange",
          "external.rotation",
          "internal.protocol",
          "external.protocol",
          "user.privileged",
          "user.unprivileged",
          "user.notprivileged",
          "user.libwrap",
          "method",
          "clientmethod",
          "socksmethod",
          "timeout.negotiate",
          "timeout.connect",
          "timeout.io",
          "connecttimeout",
          "iotimeout",
          "negotiatetimeout",
          "internal");

  private final Draft draft = new Draft();
  private final Services services = new Services();
  private final BarefootSyntax source;

  private BarefootReader(BarefootSyntax source) {
    this.source = source;
  }

  static Draft read(Path file) throws UnreadableException {
    BarefootReader reader = new BarefootReader(BarefootSyntax.read(file));
    reader.settings();
    List<BarefootRule> rules = reader.rules();
    for (Map.Entry<String, Origin> place : reader.places(rules).entrySet()) {
      reader.listener(place.getKey(), place.getValue(), rules);
    }
    return reader.draft;
  }

  private void settings() {
    for (BarefootSyntax.Part part : source.settings) {
      String value = part.word(0);
      if (part.key().equals("logoutput")) {
        boolean file = value.startsWith("/");
        String to =
            file ? Hocon.text("file:" + value) : value.startsWith("syslog") ? "syslog" : "stdout";
        draft.setting(part.origin(), "log.access.to", to);
        draft.note(part.origin(), "the lines are bouncer's own (logfmt)");
      } else if (part.key().equals("external")) {
        if (Addresses.isNumeric(value) && !value.matches("0[.]0[.]0[.]0|::")) {
          draft.left(part.origin(), "targets see the address the system chooses, not " + value);
        }
      } else if (!OF_THE_PROCESS.contains(part.key()) && !part.key().startsWith("cpu.")) {
        draft.left(part.origin(), "is not carried over");
      }
    }
  }

  private List<BarefootRule> rules() throws UnreadableException {
    List<BarefootRule> rules = new ArrayList<>();
    for (BarefootSyntax.Block block : source.rules) {
      switch (block.kind()) {
        case "client pass", "client block", "pass", "block" ->
            rules.add(new BarefootRule(draft, services, block));
        case "route" ->
            draft.left(block.origin(), "targets are connected to directly, not through this proxy");
        default -> draft.left(block.origin(), "'" + block.kind() + "' has no counterpart");
      }
    }
    return rules;
  }

  /**
   * Where to listen, as HOST:PORT: what internal says, and where it says no port what rules say.
   */
  private Map<String, Origin> places(List<BarefootRule> rules) throws UnreadableException {
    Map<String, Origin> places = new LinkedHashMap<>();
    for (BarefootSyntax.Part part : source.settings) {
      if (part.key().equals("internal") && part.words().size() > 1) {
        BarefootAddress address = BarefootAddress.of(part.words(), services);
        if (address == null || !address.hasOnePort()) {
          throw new UnreadableException(part.origin(), "has no port to listen on");
        }
        String host = Addresses.isNumeric(address.host()) ? address.host() : null;
        if (host == null) {
          draft.left(
              part.origin(),
              "left out: '"
                  + address.host()
                  + "' is no address; bouncer listens on addresses only");
        } else {
          places.put(Addresses.join(host, address.firstPort()), part.origin());
        }
      }
    }
    for (BarefootRule rule : rules) {
      BarefootAddress to = rule.to();
      if (rule.passes() && to.hasOnePort() && Addresses.isNumeric(to.host())) {
        String place = Addresses.join(to.host(), to.firstPort());
        boolean covered = places.keySet().stream().anyMatch(known -> covers(known, place));
        if (!covered) {
          places.put(place, rule.block().last("to").origin());
        }
      }
    }
    return places;
  }

  private static boolean covers(String known, String place) {
    String port = place.substring(place.lastIndexOf(':'));
    return known.equals(place)
        || known.equals("0.0.0.0" + port) && !place.startsWith("[")
        || known.equals("[::]" + port);
  }

  private void listener(String place, Origin origin, List<BarefootRule> rules) {
    int colon = place.lastIndexOf(':');
    String host = place.substring(0, colon).replaceAll("[\\[\\]]", "");
    int port = Integer.parseInt(place.substring(colon + 1));
    ListenerPart part = new ListenerPart(origin, "port-" + port);
    part.listen.add(new ListenerPart.Address(origin, place));
    BarefootRule first = null;
    for (BarefootRule rule : rules) {
      if (!rule.isFor(host, port)) {
        continue;
      }
      boolean other = first != null && rule.passes() && !rule.target().equals(first.target());
      if (other) {
        draft.left(
            rule.block().origin(),
            "a listener here has one target: its clients are blocked; give them a listener of their"
                + " own");
      }
      if (first == null && rule.passes()) {
        first = rule;
        part.entry(rule.block().last("bounce to").origin(), "target", Hocon.text(rule.target()));
        timeouts(part, rule);
      }
      rule.addTo(part.access, rule.passes() && !other);
    }
    if (first == null) {
      draft.left(origin, "left out: no rule lets anybody in here and says where to go");
      return;
    }
    draft.listeners.add(part);
  }

  /** Barefoot's own are written where nothing is said: 30 s, and none for silence. */
  private void timeouts(ListenerPart part, BarefootRule rule) {
    String[][] keys = {
      {"timeout.connect", "connecttimeout", "timeouts.connect", "30"},
      {"timeout.negotiate", "negotiatetimeout", "timeouts.negotiate", "30"},
      {"timeout.io", "iotimeout", "timeouts.idle", "0"}
    };
    for (String[] key : keys) {
      BarefootSyntax.Part said = rule.block().last(key[0]);
      for (BarefootSyntax.Part setting : source.settings.reversed()) {
        if (said == null && (setting.key().equals(key[0]) || setting.key().equals(key[1]))) {
          said = setting;
        }
      }
      String seconds = said == null ? key[3] : said.word(0);
      if (seconds.matches("[0-9]{1,9}")) {
        part.entry(
            said == null ? rule.block().origin() : said.origin(),
            key[2],
            Hocon.duration(1000 * Long.parseLong(seconds)));
      }
    }
  }
}
