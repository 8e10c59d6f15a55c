package org.portbouncer.launcher.importer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads nginx's stream block: its servers become listeners. */
final class NginxReader {

  /** What says how nginx runs, not what it does with connections. */
  private static final Set<String> OF_THE_PROCESS =
      Set.of(
          "user",
          "worker_processes",
          "pid",
          "error_log",
          "events",
          "load_module",
          "daemon",
          "master_process",
          "worker_rlimit_nofile",
          "worker_priority",
          "worker_cpu_affinity",
          "env",
          "worker_rlimit_core",
          "working_directory",
          "pcre_jit",
          "timer_resolution",
          "lock_file",
          "thread_pool",
          "worker_shutdown_timeout",
          "google_perftools_profiles");

  private final Draft draft = new Draft();
  private final Map<String, NginxDirective> upstreams = new HashMap<>();

  private final Map<String, GroupPart> groups = new HashMap<>();

  /** The keys of zones for limit_conn. */
  private final Map<String, String> zones = new HashMap<>();

  /** How many servers have a limit of a zone, which they share. */
  private final Map<String, Integer> sharing = new LinkedHashMap<>();

  private NginxReader() {}

  static Draft read(Path file) throws UnreadableException {
    NginxReader reader = new NginxReader();
    List<NginxDirective> top = NginxSyntax.read(file);
    boolean snippet =
        top.stream().noneMatch(one -> one.name().equals("stream") || one.name().equals("http"))
            && top.stream().anyMatch(one -> one.name().equals("server"));
    if (snippet) {
      reader.stream(top);
    } else {
      for (NginxDirective one : top) {
        if (one.name().equals("stream") && one.block() != null) {
          reader.stream(one.block());
        } else if (one.block() != null && !OF_THE_PROCESS.contains(one.name())) {
          reader.draft.left(one.origin(), "left out: only what 'stream' forwards is carried over");
        }
      }
    }
    return reader.draft;
  }

  private void stream(List<NginxDirective> stream) throws UnreadableException {
    List<NginxDirective> servers = new ArrayList<>();
    List<NginxDirective> common = new ArrayList<>();
    for (NginxDirective one : stream) {
      switch (one.name()) {
        case "server" -> servers.add(one);
        case "upstream" -> upstreams.put(one.first(), one);
        case "limit_conn_zone" -> zone(one);
        default -> common.add(one);
      }
    }
    for (NginxDirective server : servers) {
      for (NginxDirective limit : inForce(server, common, "limit_conn")) {
        sharing.merge(limit.first(), kinds(server).size(), Integer::sum);
      }
    }
    for (NginxDirective server : servers) {
      if (server.block() == null) {
        throw new UnreadableException(server.origin(), "a server needs a block");
      }
      server(server, common);
    }
  }

  private void zone(NginxDirective one) {
    for (String word : one.words()) {
      if (word.startsWith("zone=")) {
        zones.put(word.substring(5).replaceFirst(":.*", ""), one.first());
      }
    }
  }

  /** The directives of a name that hold for a server: its own, or else those around it. */
  static List<NginxDirective> inForce(
      NginxDirective server, List<NginxDirective> common, String... names) {
    Set<String> wanted = Set.of(names);
    List<NginxDirective> own =
        server.block().stream().filter(one -> wanted.contains(one.name())).toList();
    return own.isEmpty()
        ? common.stream().filter(one -> wanted.contains(one.name())).toList()
        : own;
  }

  /** Of what a server makes listeners: of connections (false), of datagrams (true), or both. */
  private static List<Boolean> kinds(NginxDirective server) {
    return server.block() == null
        ? List.of()
        : server.block().stream()
            .filter(one -> one.name().equals("listen"))
            .map(one -> one.has("udp"))
            .distinct()
            .toList();
  }

  private void server(NginxDirective server, List<NginxDirective> common) {
    if (kinds(server).isEmpty()) {
      draft.left(server.origin(), "left out: no address of it is left to listen on");
    }
    for (boolean udp : kinds(server)) {
      listener(server, common, udp);
    }
  }

  private void listener(NginxDirective server, List<NginxDirective> common, boolean udp) {
    NginxServer reading = new NginxServer(draft, server, common, udp);
    ListenerPart part = reading.listen();
    if (part == null || !target(part, server)) {
      return;
    }
    new NginxSettings(draft, server, common).read(part);
    reading.access(part);
    limits(part, inForce(server, common, "limit_conn"));
    reading.onlyTrusted(part);
    reading.unknown(part);
    draft.listeners.add(part);
  }

  private boolean target(ListenerPart part, NginxDirective server) {
    NginxDirective pass =
        server.block().stream()
            .filter(one -> one.name().equals("proxy_pass"))
            .findFirst()
            .orElse(null);
    if (pass == null) {
      draft.left(server.origin(), "left out: it has no proxy_pass, so nothing is forwarded");
      return false;
    }
    String where = pass.first();
    if (where.indexOf('$') >= 0) {
      draft.left(
          pass.origin(),
          "left out: the target depends on a variable, and a listener here has one for all");
      return false;
    }
    NginxDirective upstream = upstreams.get(where);
    GroupPart group = new GroupPart(pass.origin(), where);
    if (upstream == null) {
      group.members.add(Member.plain(pass.origin(), address(where)));
    } else {
      // Members of a group take connections or datagrams, so that one upstream can be two groups.
      String name = part.udp ? where + "-udp" : where;
      group =
          groups.computeIfAbsent(name, wish -> new NginxUpstream(draft, upstream, wish).group());
      if (group.members.isEmpty()) {
        draft.left(upstream.origin(), "left out: it has no server that is not down");
        return false;
      }
    }
    part.target(group);
    return true;
  }

  /** As bouncer.conf has it. */
  static String address(String text) {
    return text.startsWith("unix:") ? text.replaceFirst(":$", "") : text;
  }

  private void limits(ListenerPart part, List<NginxDirective> limits) {
    for (NginxDirective limit : limits) {
      String zone = limit.first();
      int count = limit.words().size() < 2 ? 0 : number(limit.words().get(1));
      if (count <= 0) {
        draft.left(limit.origin(), "is not understood: no session is let in");
        part.access.blockFirst(limit.origin(), AddressSet.EVERYONE);
        continue;
      }
      int sharers = sharing.getOrDefault(zone, 1);
      int own = Math.max(1, count / sharers);
      if (sharers > 1) {
        draft.left(
            limit.origin(),
            sharers + " servers share the limit of " + count + "; here each has " + own);
      }
      String key = zones.getOrDefault(zone, "");
      boolean perSource = key.equals("$binary_remote_addr") || key.equals("$remote_addr");
      if (!perSource && !key.equals("$server_addr") && !key.equals("$server_port")) {
        draft.left(
            limit.origin(), "counts by '" + key + "' there; here all of the listener's together");
      }
      if (perSource && part.proxies().isEveryone()) {
        draft.left(
            limit.origin(), "counts by who connects there; here all of the listener's together");
        perSource = false;
      }
      if (perSource) {
        draft.setting(limit.origin(), "source-prefix.v6", "128");
      }
      part.access.all(
          new Entry(
              limit.origin(),
              perSource ? "max-sessions-per-source" : "max-sessions",
              Integer.toString(own)));
    }
  }

  private static int number(String text) {
    return text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : -1;
  }
}
