package org.portbouncer.launcher.importer;

import java.util.List;
import java.util.Map;

/** Where a section of HAProxy's listens. */
final class HaproxyBind {

  private static final int MOST_PORTS = 512;

  /** Words that change what bouncer cannot change, and what they would mean. */
  private static final Map<String, String> IMPOSSIBLE =
      Map.of(
          "ssl", "TLS is not ended here; the target would get it instead of what is in it",
          "interface", "it is for clients of one interface, which is not looked at");

  private final Draft draft;
  private final ListenerPart part;

  HaproxyBind(Draft draft, ListenerPart part) {
    this.draft = draft;
    this.part = part;
  }

  void read(HaproxySection.Line bind) {
    for (Map.Entry<String, String> word : IMPOSSIBLE.entrySet()) {
      if (bind.has(word.getKey())) {
        draft.left(bind.origin(), "this address is left out: " + word.getValue());
        return;
      }
    }
    boolean header = bind.has("accept-proxy");
    if (header && isSocket(bind.word(1))) {
      draft.left(
          bind.origin(),
          "this address is left out: here a PROXY header is for peers with an IP address");
      return;
    }
    if (!part.listen.isEmpty() && header != part.acceptsProxy()) {
      draft.left(
          bind.origin(),
          "this address is left out: either all of a listener's have accept-proxy, or none has;"
              + " give it a listener of its own");
      return;
    }
    for (String text : bind.word(1).split(",", -1)) {
      address(bind, text);
    }
    if (header && !part.listen.isEmpty() && !part.acceptsProxy()) {
      part.acceptProxy(bind.origin(), AddressSet.EVERYONE);
      draft.note(
          bind.origin(),
          "whoever connects says who the client is, as there; name in accept-proxy.from who may");
    }
    options(bind);
  }

  private void options(HaproxySection.Line bind) {
    if (bind.has("transparent")) {
      entry(bind, "free-bind", "true");
    }
    String timeout = bind.after("tcp-ut");
    if (!timeout.isEmpty()) {
      entry(bind, "user-timeout", Hocon.duration(Math.max(0, HaproxyTime.millis(timeout))));
    }
    if (isSocket(bind.word(1))) {
      for (String[] pair :
          new String[][] {{"mode", "mode"}, {"user", "owner"}, {"group", "group"}}) {
        if (!bind.after(pair[0]).isEmpty()) {
          entry(bind, pair[1], Hocon.text(bind.after(pair[0])));
        }
      }
    }
  }

  private void entry(HaproxySection.Line bind, String key, String value) {
    if (part.entries.stream().noneMatch(entry -> entry.key().equals(key))) {
      part.entry(bind.origin(), key, value);
    }
  }

  private static boolean isSocket(String text) {
    return text.startsWith("/") || text.startsWith("unix@");
  }

  private void address(HaproxySection.Line bind, String text) {
    if (isSocket(text)) {
      add(bind, "unix:" + text.replaceFirst("^unix@", ""));
      return;
    }
    String plain = text.replaceFirst("^ipv[46]@", "");
    int colon = plain.lastIndexOf(':');
    if (plain.contains("@") || colon < 0) {
      draft.left(bind.origin(), "this address is left out: '" + text + "' is none of bouncer's");
      return;
    }
    String host = plain.substring(0, colon).replaceAll("[\\[\\]]", "");
    String[] range = plain.substring(colon + 1).split("-", -1);
    int first = port(range[0]);
    int last = range.length == 2 ? port(range[1]) : first;
    if (first < 0 || last < first || last - first >= MOST_PORTS) {
      draft.left(
          bind.origin(),
          "this address is left out: '" + text + "' has no port, or more than " + MOST_PORTS);
      return;
    }
    boolean v6 = text.startsWith("ipv6@");
    if (host.isEmpty() || host.equals("*")) {
      host = v6 ? "::" : "0.0.0.0";
    }
    String numeric = Addresses.first(host);
    if (numeric == null) {
      draft.left(bind.origin(), "this address is left out: '" + host + "' has none here now");
      return;
    }
    if (!numeric.equals(host)) {
      draft.note(
          bind.origin(), "'" + host + "' is " + numeric + " now; bouncer does not look again");
    }
    String only = bind.has("v6only") && numeric.equals("::") ? DualStack.ONLY : "";
    for (int port = first; port <= last; port++) {
      add(bind, only + Addresses.join(numeric, port));
    }
  }

  private static int port(String text) {
    int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : -1;
    return port >= 1 && port <= 65535 ? port : -1;
  }

  private void add(HaproxySection.Line bind, String text) {
    part.listen.add(new ListenerPart.Address(bind.origin(), text));
  }

  /** The one port a listener has; -1 where it has several, or none. */
  static int port(ListenerPart part) {
    List<String> ports =
        part.listen.stream()
            .map(address -> address.text().replaceFirst(".*:", ""))
            .distinct()
            .toList();
    return ports.size() == 1 ? port(ports.getFirst()) : -1;
  }
}
