package org.portbouncer.launcher.importer;

import java.util.List;
import java.util.Map;

/** The servers of a section of HAProxy's, as a group. */
final class HaproxyBackend {

  private static final Map<String, String> BALANCE =
      Map.of(
          "roundrobin", "round-robin",
          "static-rr", "round-robin",
          "leastconn", "least-sessions",
          "source", "source",
          "first", "order");

  private final Draft draft;
  private final HaproxySection section;
  private final GroupPart group;
  private HaproxySection.Line checked;
  private HaproxySection.Line unchecked;

  HaproxyBackend(Draft draft, HaproxySection section) {
    this.draft = draft;
    this.section = section;
    group = new GroupPart(section.origin, section.name);
  }

  /**
   * Reads it.
   *
   * @param port of the listener, for servers that have none; -1 where it has several
   * @return null where there is no server that bouncer could reach, which has been said
   */
  GroupPart group(int port) {
    for (HaproxySection.Line server : section.own("server")) {
      if (!server(server, port)) {
        return null;
      }
    }
    for (String kind : List.of("server-template", "dispatch", "use-server", "stick", "filter")) {
      for (HaproxySection.Line line : section.own(kind)) {
        draft.left(line.origin(), "has no counterpart: sessions go where the servers below say");
      }
    }
    if (group.members.stream().allMatch(Member::backup)
        && group.members.size() > 1
        && checked == null) {
      group.members.subList(1, group.members.size()).clear();
    }
    dropIdleBackups();
    if (group.members.isEmpty()) {
      draft.left(section.origin, "left out: it has no server that takes sessions");
      return null;
    }
    settings();
    return group;
  }

  private boolean server(HaproxySection.Line line, int port) {
    for (String word : List.of("ssl", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn", "socks4")) {
      if (all(line, word)) {
        draft.left(
            line.origin(),
            "left out: the server expects "
                + (word.equals("ssl")
                    ? "TLS"
                    : word.equals("socks4") ? "SOCKS" : "a PROXY header about TLS")
                + ", which it would not get");
        return false;
      }
    }
    if (line.has("disabled") || option(line, "weight").equals("0")) {
      draft.note(line.origin(), "takes no sessions there, and is left out");
      return true;
    }
    String address = address(line, port);
    if (address == null) {
      return false;
    }
    if (all(line, "source")) {
      draft.left(line.origin(), "the server sees the address the system chooses");
    }
    boolean check = all(line, "check") && !line.has("no-check");
    if (check) {
      checked = line;
    } else {
      unchecked = line;
    }
    String limit = option(line, "maxconn");
    if (!limit.isEmpty() && !limit.equals("0")) {
      draft.left(
          line.origin(),
          "clients above maxconn wait there; here they go to another, or are closed");
    }
    String weight = option(line, "weight");
    group.members.add(
        new Member(
            line.origin(),
            line.word(1).matches("[A-Za-z0-9_.-]{1,64}") ? line.word(1) : null,
            address,
            weight.matches("[1-9][0-9]{0,2}") ? Math.min(256, Integer.parseInt(weight)) : 1,
            limit.matches("[1-9][0-9]{0,8}") ? Integer.parseInt(limit) : 0,
            line.has("backup"),
            send(line)));
    return true;
  }

  /** Which PROXY header a server gets; null for none. */
  private String send(HaproxySection.Line line) {
    boolean first = all(line, "send-proxy") && !line.has("no-send-proxy");
    boolean second = all(line, "send-proxy-v2") && !line.has("no-send-proxy-v2");
    if (!first && !second) {
      return null;
    }
    if (all(line, "proxy-v2-options")) {
      draft.left(line.origin(), "the header has addresses alone; see send-proxy-tlvs");
    }
    return second ? "v2" : "v1";
  }

  /** Whether a server has a word, or all of them do by default-server. */
  private boolean all(HaproxySection.Line line, String word) {
    return line.has(word) || section.all("default-server").stream().anyMatch(one -> one.has(word));
  }

  private String option(HaproxySection.Line line, String name) {
    String own = line.after(name);
    HaproxySection.Line common = section.last("default-server");
    return own.isEmpty() && common != null ? common.after(name) : own;
  }

  private String address(HaproxySection.Line line, int port) {
    String text = line.word(2).replaceFirst("^ipv[46]@", "");
    if (text.startsWith("/") || text.startsWith("unix@")) {
      return "unix:" + text.replaceFirst("^unix@", "");
    }
    if (text.contains("@")) {
      draft.left(line.origin(), "left out: '" + text + "' is no address of bouncer's");
      return null;
    }
    int colon = text.lastIndexOf(':');
    boolean v6 = text.indexOf(':') != colon && !text.contains("]");
    String rest = colon < 0 || text.endsWith("]") ? "" : text.substring(colon + 1);
    if (v6 && !rest.matches("[+-]?[0-9]{1,5}") || rest.isEmpty() && v6) {
      rest = "";
    }
    String host = rest.isEmpty() ? text : text.substring(0, colon);
    int own = rest.matches("[0-9]{1,5}") ? Integer.parseInt(rest) : 0;
    if (rest.isEmpty() || rest.matches("[+-][0-9]{1,5}")) {
      if (rest.isEmpty() && all(line, "check") && option(line, "port").isEmpty()) {
        draft.left(line.origin(), "left out: a check without a port keeps HAProxy from starting");
        return null;
      }
      own = port < 0 ? -1 : port + (rest.isEmpty() ? 0 : Integer.parseInt(rest));
    }
    if (own < 1 || own > 65535) {
      draft.left(
          line.origin(),
          "left out: the server's port is the client's, and the listener has several");
      return null;
    }
    return Addresses.join(host.replaceAll("[\\[\\]]", ""), own);
  }

  /** A backup comes in when all others are down, and one that nobody checks never is. */
  private void dropIdleBackups() {
    boolean used =
        group.members.stream().allMatch(Member::backup)
            || section.own("server").stream()
                .filter(line -> !line.has("backup"))
                .allMatch(line -> all(line, "check") && !line.has("no-check"));
    if (used) {
      return;
    }
    for (Member member : List.copyOf(group.members)) {
      if (member.backup()) {
        draft.note(
            member.origin(),
            "HAProxy never uses this backup: a server before it has no check, and is never down;"
                + " left out here as well");
        group.members.remove(member);
      }
    }
  }

  private void settings() {
    HaproxySection.Line balance = section.last("balance");
    Origin origin = balance == null ? section.origin : balance.origin();
    String by = balance == null ? "round-robin" : BALANCE.get(balance.word(1));
    if (by == null) {
      draft.left(origin, "servers take turns instead");
      by = "round-robin";
    }
    HaproxySection.Line retries = section.last("retries");
    boolean next = section.option("redispatch");
    if (group.members.size() > 1) {
      group.entry(origin, "balance", by);
      String tries = retries == null ? "3" : retries.word(1);
      boolean number = next && tries.matches("[0-9]{1,2}");
      HaproxySection.Line from = next ? section.last("option", "redispatch") : null;
      group.entry(
          from == null ? section.origin : from.origin(),
          "attempts",
          Integer.toString(number ? Integer.parseInt(tries) + 1 : 1));
      if (!next) {
        draft.note(
            section.origin,
            "without option redispatch a client whose server refuses is tried there again, and"
                + " never comes to another; here it is not tried again");
      }
    }
    group.entry(section.origin, "eject.failures", "0");
    if (checked != null) {
      check();
    }
  }

  private void check() {
    if (unchecked != null) {
      draft.left(unchecked.origin(), "is checked here like the others of its group");
    }
    Origin origin = checked.origin();
    HaproxyCheck check = new HaproxyCheck(draft, section, group);
    check.type(origin);
    String every = option(checked, "inter");
    long millis = every.isEmpty() ? 2000 : Math.max(1, HaproxyTime.millis(every));
    group.entry(origin, "check.every", Hocon.duration(millis));
    HaproxySection.Line timeout = section.last("timeout", "check");
    long most = timeout == null ? millis : HaproxyTime.millis(timeout.word(2));
    group.entry(
        timeout == null ? origin : timeout.origin(),
        "check.timeout",
        Hocon.duration(Math.max(1, Math.min(most, millis))));
    for (String[] pair : new String[][] {{"rise", "2"}, {"fall", "3"}, {"port", ""}}) {
      String value = option(checked, pair[0]);
      if (!(value + pair[1]).isEmpty()) {
        group.entry(origin, "check." + pair[0], value.isEmpty() ? pair[1] : value);
      }
    }
    if (option(checked, "on-marked-down").equals("shutdown-sessions")) {
      group.entry(origin, "on-down", "end");
    }
    long slow = HaproxyTime.millis(option(checked, "slowstart"));
    if (slow > 0) {
      group.entry(origin, "slow-start", Hocon.duration(slow));
    }
    group.entry(origin, "when-all-down", "refuse");
  }
}
