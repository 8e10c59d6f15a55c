package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One server block of nginx's stream: where it listens, and for whom. */
final class NginxServer {

  /** More ports than these are not written as a list. */
  private static final int MOST_PORTS = 512;

  /** What makes no difference to who is let in, where he comes out and what ends it. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of(
          "log_format",
          "error_log",
          "map",
          "map_hash_max_size",
          "map_hash_bucket_size",
          "geo",
          "split_clients",
          "set",
          "variables_hash_max_size",
          "variables_hash_bucket_size",
          "resolver",
          "resolver_timeout",
          "preread_buffer_size",
          "preread_timeout",
          "tcp_nodelay",
          "ssl_preread",
          "limit_conn_log_level",
          "limit_conn_zone",
          "open_log_file_cache",
          "server_name",
          "set_real_ip_from",
          "status_zone",
          "listen",
          "allow",
          "deny",
          "limit_conn",
          "access_log",
          "js_import",
          "js_path",
          "js_set",
          "js_var");

  private final Draft draft;
  private final NginxDirective server;
  private final List<NginxDirective> common;

  /** Whether this is about the addresses where clients send datagrams, or about the others. */
  private final boolean udp;

  private boolean dual;

  /** The first address whose clients begin with a PROXY header; null for none. */
  private NginxDirective header;

  /** Whether an address was found. */
  private boolean seen;

  NginxServer(Draft draft, NginxDirective server, List<NginxDirective> common, boolean udp) {
    this.draft = draft;
    this.server = server;
    this.common = common;
    this.udp = udp;
  }

  private NginxDirective last(String name) {
    List<NginxDirective> found = NginxReader.inForce(server, common, name);
    return found.isEmpty() ? null : found.getLast();
  }

  // Where it listens.

  /** The listener; null where it has no address that could be carried over, which is said. */
  ListenerPart listen() {
    List<ListenerPart.Address> addresses = new ArrayList<>();
    List<Entry> entries = new ArrayList<>();
    for (NginxDirective listen : server.block()) {
      if (listen.name().equals("listen") && listen.has("udp") == udp) {
        addresses.addAll(addresses(listen));
        keepAlive(listen, entries);
      }
    }
    if (addresses.isEmpty()) {
      draft.left(server.origin(), "left out: no address of it is left to listen on");
      return null;
    }
    NginxDirective tls = last("proxy_ssl");
    if (tls != null && tls.has("on")) {
      draft.left(tls.origin(), "left out: the target expects TLS, which bouncer does not begin");
      return null;
    }
    String text = addresses.getFirst().text();
    String wish =
        text.contains("unix:")
            ? "socket"
            : (udp ? "udp-" : "port-") + text.substring(text.lastIndexOf(':') + 1);
    ListenerPart part = new ListenerPart(server.origin(), wish, udp);
    part.listen.addAll(addresses);
    part.entries.addAll(entries);
    if (udp) {
      return sends() ? withoutHeader() : part;
    }
    headers(part);
    return part;
  }

  // PROXY headers, in and out.

  private boolean sends() {
    NginxDirective out = last("proxy_protocol");
    return out != null && out.has("on");
  }

  private ListenerPart withoutHeader() {
    draft.left(
        server.origin(),
        "left out, datagrams are unanswered: nginx puts a line of version 1 before the first of a"
            + " client alone, and bouncer a header of version 2 before each; where the target takes"
            + " that, write a listener with send-proxy = v2");
    return null;
  }

  private void headers(ListenerPart part) {
    boolean sends = sends();
    if (sends) {
      part.entry(last("proxy_protocol").origin(), "send-proxy", "v1");
    }
    if (header == null) {
      return;
    }
    AddressSet trusted = AddressSet.NONE;
    List<NginxDirective> all = NginxReader.inForce(server, common, "set_real_ip_from");
    for (NginxDirective one : all) {
      AddressSet from = AddressSet.parse(one.first());
      if (from == null) {
        draft.left(one.origin(), "is no network: nobody there says who the client is");
      } else {
        trusted = trusted.union(dual ? from.withMapped() : from);
      }
    }
    if (trusted.isEmpty()) {
      part.acceptProxy(header.origin(), AddressSet.EVERYONE);
      part.access.ofPeers();
      draft.note(
          header.origin(),
          "without set_real_ip_from rules are about who connects, as there; the log"
              + (sends ? ", and the target," : "")
              + " learns who the header says the client is");
    } else {
      part.acceptProxy(all.getFirst().origin(), trusted);
    }
  }

  /** Whoever is not trusted begins with a header, too, which is not looked at there. */
  void onlyTrusted(ListenerPart part) {
    List<NginxDirective> all = NginxReader.inForce(server, common, "set_real_ip_from");
    AddressSet others = part.proxies().complement();
    if (header == null || others.isEmpty()) {
      return;
    }
    if (part.access.rules(part.origin).isEmpty()) {
      part.access.add(part.origin, true, AddressSet.EVERYONE);
    }
    part.access.blockPeersFirst(all.getFirst().origin(), others);
    draft.left(
        all.getFirst().origin(),
        "others begin with a PROXY header as well, which says nothing there; here they are"
            + " blocked");
  }

  private List<ListenerPart.Address> addresses(NginxDirective listen) {
    if (listen.has("ssl")) {
      draft.left(
          listen.origin(),
          "this address is left out: TLS is not ended here; the target would get it instead of what"
              + " is in it");
      return List.of();
    }
    if (udp && listen.first().startsWith("unix:")) {
      draft.left(
          listen.origin(), "this address is left out: here datagrams come to IP addresses alone");
      return List.of();
    }
    boolean begins = listen.has("proxy_protocol");
    if (begins && listen.first().startsWith("unix:")) {
      draft.left(
          listen.origin(),
          "this address is left out: here a PROXY header is for peers with an IP address");
      return List.of();
    }
    if (seen && begins != (header != null)) {
      draft.left(
          listen.origin(),
          "this address is left out: either all of a listener's have proxy_protocol, or none has;"
              + " give it a listener of its own");
      return List.of();
    }
    List<ListenerPart.Address> addresses = new ArrayList<>();
    for (String text : texts(listen)) {
      addresses.add(new ListenerPart.Address(listen.origin(), text));
    }
    seen |= !addresses.isEmpty();
    header = header == null && begins && seen ? listen : header;
    return addresses;
  }

  private List<String> texts(NginxDirective listen) {
    String text = listen.first();
    if (text.startsWith("unix:")) {
      return List.of(text);
    }
    int colon = text.lastIndexOf(':');
    boolean noHost = colon < 0 || text.endsWith("]");
    String host =
        noHost && !text.endsWith("]")
            ? "0.0.0.0"
            : text.substring(0, noHost ? text.length() : colon);
    String ports =
        noHost ? text.substring(text.endsWith("]") ? text.length() : 0) : text.substring(colon + 1);
    Matcher range = Pattern.compile("([0-9]{1,5})(?:-([0-9]{1,5}))?").matcher(ports);
    if (!range.matches()) {
      draft.left(listen.origin(), "this address is left out: '" + text + "' has no port");
      return List.of();
    }
    int first = Integer.parseInt(range.group(1));
    int end = range.group(2) == null ? first : Integer.parseInt(range.group(2));
    if (end - first >= MOST_PORTS) {
      draft.left(listen.origin(), "left out: more than " + MOST_PORTS + " ports at one listener");
      return List.of();
    }
    String address = host(listen, host);
    List<String> texts = new ArrayList<>();
    for (int port = first; address != null && port <= end; port++) {
      texts.add(address + ":" + port);
    }
    return texts;
  }

  /** As bouncer.conf has it; null where it has no address. */
  private String host(NginxDirective listen, String host) {
    if (host.startsWith("[")) {
      boolean only = !listen.has("ipv6only=off");
      dual |= !only;
      return (only && host.equals("[::]") ? DualStack.ONLY : "") + host;
    }
    if (host.equals("*")) {
      return "0.0.0.0";
    }
    String address = Addresses.first(host);
    if (address == null) {
      draft.left(listen.origin(), "this address is left out: '" + host + "' has none here now");
    } else if (!address.equals(host)) {
      draft.note(
          listen.origin(), "'" + host + "' is " + address + " now; bouncer does not look again");
    }
    return address == null ? null : address.indexOf(':') < 0 ? address : "[" + address + "]";
  }

  private void keepAlive(NginxDirective listen, List<Entry> entries) {
    for (String word : listen.words()) {
      if (word.startsWith("so_keepalive=") && word.indexOf(':') > 0) {
        String[] parts = word.substring(13).split(":", -1);
        String[] keys = {"keep-alive.idle", "keep-alive.interval", "keep-alive.count"};
        for (int i = 0; i < Math.min(parts.length, 3); i++) {
          if (!parts[i].isEmpty() && entries.stream().noneMatch(new Same(keys[i])::is)) {
            String value = i == 2 ? parts[i] : Hocon.duration(NginxSettings.time(parts[i]));
            entries.add(new Entry(listen.origin(), keys[i], value));
          }
        }
      }
    }
  }

  /** Whether an entry has a key. */
  private record Same(String key) {
    boolean is(Entry entry) {
      return entry.key().equals(key);
    }
  }

  // Who is let in.

  /**
   * allow and deny, of the server, or else of the stream. Whom none names is let in. An IPv4 client
   * of a dual-stack address is asked about by IPv4's rules where there are any, else by IPv6's.
   */
  void access(ListenerPart part) {
    List<NginxDirective> rules = NginxReader.inForce(server, common, "allow", "deny");
    boolean anyV4 = rules.stream().anyMatch(rule -> !rule.first().contains(":"));
    AddressSet decided = AddressSet.NONE;
    for (NginxDirective rule : rules) {
      boolean allow = rule.name().equals("allow");
      if (rule.first().equals("unix:")) {
        continue;
      }
      AddressSet from =
          rule.first().equals("all") ? AddressSet.EVERYONE : AddressSet.parse(rule.first());
      if (from == null) {
        draft.left(
            rule.origin(), "is no network; " + (allow ? "it lets nobody in" : "all are blocked"));
        from = allow ? AddressSet.NONE : AddressSet.EVERYONE;
      }
      if (dual && !anyV4) {
        from = from.withMapped();
      }
      part.access.add(rule.origin(), allow, from);
      decided = decided.union(from);
    }
    if (!rules.isEmpty() && !decided.isEveryone()) {
      part.access.add(server.origin(), true, AddressSet.EVERYONE);
    }
    boolean both = server.block().stream().anyMatch(one -> one.name().matches("allow|deny"));
    if (both) {
      common.stream()
          .filter(one -> one.name().matches("allow|deny"))
          .findFirst()
          .ifPresent(
              one ->
                  draft.note(
                      one.origin(),
                      "does not hold for servers with an allow or deny of their own: those replace"
                          + " it, they do not add"));
    }
  }

  /** What is not known might keep somebody out. */
  void unknown(ListenerPart part) {
    List<NginxDirective> all = new ArrayList<>(common);
    all.addAll(server.block());
    for (NginxDirective one : all) {
      String name = one.name();
      if (WITHOUT_EFFECT.contains(name) || name.startsWith("proxy_")) {
        continue;
      }
      draft.left(
          one.origin(),
          "is not known here, and might keep clients out: all are blocked; delete the rule that"
              + " does it where that is not so");
      if (part.access.rules(part.origin).isEmpty()) {
        part.access.add(part.origin, true, AddressSet.EVERYONE);
      }
      part.access.blockFirst(one.origin(), AddressSet.EVERYONE);
    }
  }
}
