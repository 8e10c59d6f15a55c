package org.portbouncer.launcher.importer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
          "timeout.io.tcp",
          "timeout.io.udp",
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
      reader.listener(place.getKey(), place.getValue(), rules, false);
    }
    for (Map.Entry<String, Origin> place : reader.placesOfDatagrams(rules).entrySet()) {
      reader.listener(place.getKey(), place.getValue(), rules, true);
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
    rules.stream().filter(rule -> rule.passes(false)).forEach(rule -> place(rule, places));
    return places;
  }

  /** Where datagrams come: where rules say so, whatever internal says. */
  private Map<String, Origin> placesOfDatagrams(List<BarefootRule> rules) {
    Map<String, Origin> places = new LinkedHashMap<>();
    for (BarefootRule rule : rules) {
      if (rule.passes(true)) {
        place(rule, places);
      } else if (rule.passes(false) && rule.countsBoth()) {
        draft.left(
            rule.block().origin(),
            "datagrams are unanswered: its limits are for connections and datagrams together, which"
                + " a rule here counts apart; with 'protocol: tcp' it is about connections alone");
      }
    }
    return places;
  }

  /** The place that a rule is about, where it is one and none that is known has it. */
  private static void place(BarefootRule rule, Map<String, Origin> places) {
    BarefootAddress to = rule.to();
    if (to.hasOnePort() && Addresses.isNumeric(to.host())) {
      String place = Addresses.join(to.host(), to.firstPort());
      if (places.keySet().stream().noneMatch(known -> covers(known, place))) {
        places.put(place, rule.block().last("to").origin());
      }
    }
  }

  private static boolean covers(String known, String place) {
    String port = place.substring(place.lastIndexOf(':'));
    return known.equals(place)
        || known.equals("0.0.0.0" + port) && !place.startsWith("[")
        || known.equals("[::]" + port);
  }

  private void listener(String place, Origin origin, List<BarefootRule> rules, boolean udp) {
    int colon = place.lastIndexOf(':');
    String host = place.substring(0, colon).replaceAll("[\\[\\]]", "");
    int port = Integer.parseInt(place.substring(colon + 1));
    ListenerPart part = new ListenerPart(origin, (udp ? "udp-" : "port-") + port, udp);
    part.listen.add(new ListenerPart.Address(origin, place));
    BarefootRule first = null;
    for (BarefootRule rule : rules) {
      if (!rule.isFor(host, port, udp)) {
        continue;
      }
      boolean passes = rule.passes(udp);
      boolean other = first != null && passes && !rule.target().equals(first.target());
      if (other) {
        draft.left(
            rule.block().origin(),
            "a listener here has one target: its clients are blocked; give them a listener of their"
                + " own");
      }
      if (first == null && passes) {
        first = rule;
        part.target(rule.block().last("bounce to").origin(), rule.target());
        timeouts(part, rule);
      }
      rule.addTo(part.access, passes && !other);
    }
    if (first == null) {
      draft.left(origin, "left out: no rule lets anybody in here and says where to go");
      return;
    }
    draft.listeners.add(part);
  }

  /** Barefoot's own are written where nothing is said: 30 s, and none for silence. */
  private void timeouts(ListenerPart part, BarefootRule rule) {
    if (part.udp) {
      BarefootSyntax.Part said = said(rule, "timeout.io.udp", "timeout.io", "iotimeout");
      String seconds = said == null ? "0" : said.word(0);
      if (seconds.matches("[1-9][0-9]{0,8}")) {
        timeout(part, said.origin(), "timeouts.udp", seconds);
      } else {
        draft.note(
            said == null ? rule.block().origin() : said.origin(),
            "datagrams: a session ends after timeouts.udp of silence here, 30 s, and none does"
                + " there");
      }
      return;
    }
    String[][] keys = {
      {"timeouts.connect", "30", "timeout.connect", "connecttimeout"},
      {"timeouts.negotiate", "30", "timeout.negotiate", "negotiatetimeout"},
      {"timeouts.idle", "0", "timeout.io.tcp", "timeout.io", "iotimeout"}
    };
    for (String[] key : keys) {
      BarefootSyntax.Part said = said(rule, Arrays.copyOfRange(key, 2, key.length));
      String seconds = said == null ? key[1] : said.word(0);
      if (seconds.matches("[0-9]{1,9}")) {
        timeout(part, said == null ? rule.block().origin() : said.origin(), key[0], seconds);
      }
    }
  }

  private static void timeout(ListenerPart part, Origin origin, String key, String seconds) {
    part.entry(origin, key, Hocon.duration(1000 * Long.parseLong(seconds)));
  }

  /** What a rule says by the first of these names that it has, or else the last setting does. */
  private BarefootSyntax.Part said(BarefootRule rule, String... names) {
    for (String name : names) {
      if (rule.block().last(name) != null) {
        return rule.block().last(name);
      }
    }
    for (String name : names) {
      for (BarefootSyntax.Part setting : source.settings.reversed()) {
        if (setting.key().equals(name)) {
          return setting;
        }
      }
    }
    return null;
  }
}
