package org.portbouncer.launcher.importer;

import java.util.List;

/** An upstream of nginx's stream, as a group. */
final class NginxUpstream {

  private final Draft draft;
  private final NginxDirective upstream;
  private final GroupPart group;

  /**
   * One that is to be read.
   *
   * @param wish what the group is called
   */
  NginxUpstream(Draft draft, NginxDirective upstream, String wish) {
    this.draft = draft;
    this.upstream = upstream;
    group = new GroupPart(upstream.origin(), wish);
  }

  GroupPart group() {
    String failures = null;
    String within = null;
    Origin balance = upstream.origin();
    String by = "round-robin";
    for (NginxDirective one : upstream.block()) {
      switch (one.name()) {
        case "server" -> {
          if (!one.has("down")) {
            member(one);
            failures = same(one, "max_fails", "1", failures);
            within = same(one, "fail_timeout", "10s", within);
          }
        }
        case "least_conn" -> {
          balance = one.origin();
          by = "least-sessions";
        }
        case "hash" -> {
          balance = one.origin();
          by = "source";
          if (!one.first().matches("[$](binary_)?remote_addr")) {
            draft.left(one.origin(), "hashes " + one.first() + " there; here the client's address");
          }
        }
        case "random", "least_time" -> {
          balance = one.origin();
          draft.left(one.origin(), "members take turns instead");
        }
        default -> {
          // zone and what else makes no difference to where a session goes
        }
      }
    }
    if (group.members.size() > 1) {
      group.entry(balance, "balance", by);
      eject(failures, within);
      group.entry(upstream.origin(), "attempts", "" + Math.min(255, group.members.size()));
    }
    return group;
  }

  private void member(NginxDirective one) {
    String limit = option(one, "max_conns", "0");
    String weight = option(one, "weight", "1");
    group.members.add(
        new Member(
            one.origin(),
            null,
            NginxReader.address(one.first()),
            weight.matches("[1-9][0-9]{0,2}") ? Math.min(256, Integer.parseInt(weight)) : 1,
            limit.matches("[0-9]{1,9}") ? Integer.parseInt(limit) : 0,
            one.has("backup"),
            null));
  }

  private static String option(NginxDirective one, String name, String otherwise) {
    return one.words().stream()
        .filter(word -> word.startsWith(name + "="))
        .map(word -> word.substring(name.length() + 1))
        .findFirst()
        .orElse(otherwise);
  }

  /** What holds for a group must be the same for all its members: the first one's counts. */
  private String same(NginxDirective one, String name, String otherwise, String before) {
    String value = option(one, name, otherwise);
    if (before != null && !before.equals(value)) {
      draft.left(one.origin(), name + " is " + before + " for all of the group");
      return before;
    }
    return value;
  }

  private void eject(String failures, String within) {
    Origin origin = upstream.origin();
    String time = Hocon.duration(Math.max(0, NginxSettings.time(within)));
    group.entry(origin, "eject.failures", failures.matches("[0-9]{1,6}") ? failures : "1");
    if (!time.equals("0s")) {
      for (String key : List.of("eject.within", "eject.for")) {
        group.entry(origin, key, time);
      }
    }
    draft.note(
        origin,
        "where all servers are set aside nginx closes clients untried for fail_timeout; here they"
            + " are tried (when-all-down)");
  }
}
