package org.portbouncer.config;

import static org.portbouncer.config.SchemaKey.fixed;
import static org.portbouncer.config.SchemaKey.optional;
import static org.portbouncer.config.SchemaKey.required;
import static org.portbouncer.config.SchemaKey.secret;
import static org.portbouncer.config.SchemaKey.withDefault;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Every key there is, in one table: it says what is known and what is near, what the defaults are,
 * and what docs/configuration.md must say. Read by the mother and by commands.
 */
public final class Schema {

  private static final String DURATION = "duration";
  private static final String COUNT = "integer from 1";
  private static final String WORKERS = "integer, 1 to 64";

  private static final List<SchemaKey> KEYS =
      List.of(
          required(
              "listeners.NAME.listen",
              "address or list of addresses",
              "where clients connect: `HOST:PORT`, `[v6]:PORT`, `*:PORT`, with `FIRST-LAST` for a"
                  + " range of ports, `udp:` and one of these, or `unix:PATH`"),
          required(
              "listeners.NAME.target",
              "target, or list of them",
              "where sessions go: `HOST:PORT`, `[v6]:PORT`, `HOST:+N`, `udp:` and one of these,"
                  + " `unix:PATH`, `group:NAME`, or"
                  + " `internal:http`, `internal:echo`, `internal:discard`; of a list of"
                  + " `HOST:PORT` the first that can be connected"),
          optional(
              "listeners.NAME.acl", "name", "none", "the ACL; without one everyone may connect"),
          optional(
              "listeners.NAME.bandwidth",
              "name",
              "none",
              "the class of sessions whose rule names none"),
          optional(
              "listeners.NAME.via",
              "name, or `none`",
              "none",
              "the chain of proxies that leads to the target"),
          optional(
              "listeners.NAME.timeouts.negotiate",
              DURATION,
              "`timeouts.negotiate`",
              "overrides the global one"),
          optional(
              "listeners.NAME.timeouts.connect",
              DURATION,
              "`timeouts.connect`",
              "overrides the global one"),
          optional(
              "listeners.NAME.timeouts.idle",
              DURATION,
              "`timeouts.idle`",
              "overrides the global one"),
          optional(
              "listeners.NAME.timeouts.half-closed",
              DURATION,
              "`timeouts.half-closed`",
              "overrides the global one"),
          optional(
              "listeners.NAME.timeouts.udp",
              DURATION,
              "`timeouts.udp`",
              "overrides the global one"),
          withDefault(
              "listeners.NAME.answers",
              "integer from 0",
              "0",
              "datagrams of the target after which a session over UDP ends, as `1` for DNS, once"
                  + " they are no fewer than the client's; `0`: they end none"),
          optional(
              "listeners.NAME.keep-alive.idle",
              "duration, whole seconds",
              "the system's",
              "silence before the kernel asks whether a peer still lives"),
          optional(
              "listeners.NAME.keep-alive.interval",
              "duration, whole seconds",
              "the system's",
              "from one question to the next"),
          optional(
              "listeners.NAME.keep-alive.count",
              "integer, 1 to 127",
              "the system's",
              "questions without an answer after which the connection is given up"),
          optional(
              "listeners.NAME.user-timeout",
              DURATION,
              "as long as `keep-alive` takes",
              "how long bytes that were sent may go without any answer of the peer; `0s` for the"
                  + " system's"),
          optional(
              "listeners.NAME.mode",
              "octal permissions",
              "the process's",
              "of its socket files: who may connect to a `unix:` address, as in `0660`"),
          optional(
              "listeners.NAME.owner",
              "name",
              "the server's user",
              "of its socket files; another one takes root"),
          optional(
              "listeners.NAME.group",
              "name",
              "the server's group",
              "of its socket files, likewise"),
          optional(
              "listeners.NAME.source",
              "address, or `client`",
              "the system's choice",
              "the address that connections to targets come from; `client`: each client's own"),
          optional(
              "listeners.NAME.interface",
              "name",
              "by its routes",
              "the interface that connections to targets go through (SO_BINDTODEVICE)"),
          optional(
              "listeners.NAME.mark",
              "integer, 0 to 4294967295, or `0x...`",
              "none",
              "mark of packets to targets, for firewall and routing (SO_MARK)"),
          optional(
              "listeners.NAME.dscp",
              "integer, 0 to 63, or name",
              "0",
              "class of packets to clients and targets, as in `ef` or `af31`"),
          optional(
              "listeners.NAME.mptcp",
              "`true` or `false`",
              "false",
              "Multipath TCP, with clients and targets that know it"),
          optional(
              "listeners.NAME.nodelay",
              "`true` or `false`",
              "true",
              "send small pieces at once (TCP_NODELAY), to clients and targets"),
          withDefault(
              "listeners.NAME.free-bind",
              "`true` or `false`",
              "false",
              "listen also on an address that this machine does not have yet (IP_FREEBIND)"),
          optional(
              "listeners.NAME.accept-proxy.from",
              "network or list of networks",
              "nobody",
              "who must begin with a PROXY header, of version 1 or 2, that says who the client is"),
          withDefault(
              "listeners.NAME.send-proxy",
              "`none`, `v1` or `v2`",
              "none",
              "the PROXY header that the target gets before all else"),
          withDefault(
              "listeners.NAME.send-proxy-tlvs.unique-id",
              "`true` or `false`",
              "false",
              "a `v2` header has the session's id and the time it was accepted, as in"
                  + " `17-1795779129129`"),
          withDefault(
              "listeners.NAME.send-proxy-tlvs.crc32c",
              "`true` or `false`",
              "false",
              "it has a checksum"),
          withDefault(
              "listeners.NAME.send-proxy-tlvs.alpn", "text", "", "it has this; empty: it has none"),
          withDefault(
              "listeners.NAME.send-proxy-tlvs.authority",
              "text",
              "",
              "it has this; empty: it has none"),
          withDefault(
              "listeners.NAME.send-proxy-tlvs.pass",
              "`none`, `all` or list of types",
              "none",
              "it has these TLVs of the header that was received, as in `[0x02, 0xEA]`; those that"
                  + " are set here come instead of them"),
          optional(
              "listeners.NAME.send-proxy-tlvs.custom.NAME",
              "text",
              "none",
              "it has a TLV of this type, `0xE0` to `0xF7`, with this text"),
          optional(
              "targets.NAME.members[].name",
              "name",
              "`#1`, `#2`, …",
              "the member's name in logs and metrics"),
          required(
              "targets.NAME.members[].address",
              "target",
              "where it is: `HOST:PORT`, `[v6]:PORT` or `HOST:+N`; `udp:` before it, of all members"
                  + " or none"),
          withDefault(
              "targets.NAME.members[].weight",
              "integer, 1 to 256",
              "1",
              "its share, where members take turns"),
          optional(
              "targets.NAME.members[].max-sessions",
              COUNT,
              "no limit",
              "live sessions of this member, over all workers; more go to others"),
          optional(
              "targets.NAME.members[].send-proxy",
              "`none`, `v1` or `v2`",
              "the listener's",
              "the PROXY header that this member gets"),
          withDefault(
              "targets.NAME.members[].backup",
              "`true` or `false`",
              "false",
              "used when no other member is up"),
          optional(
              "targets.NAME.members[].source",
              "address, or `client`",
              "the group's",
              "as of a listener"),
          optional("targets.NAME.members[].interface", "name", "the group's", "as of a listener"),
          optional(
              "targets.NAME.members[].mark",
              "integer, 0 to 4294967295, or `0x...`",
              "the group's",
              "as of a listener"),
          optional(
              "targets.NAME.members[].dscp",
              "integer, 0 to 63, or name",
              "the group's",
              "as of a listener, of packets to targets"),
          optional(
              "targets.NAME.members[].user-timeout",
              DURATION,
              "the group's",
              "as of a listener, of connections to targets"),
          optional(
              "targets.NAME.members[].mptcp",
              "`true` or `false`",
              "the group's",
              "as of a listener, with targets"),
          optional(
              "targets.NAME.members[].nodelay",
              "`true` or `false`",
              "the group's",
              "as of a listener, to targets"),
          withDefault(
              "targets.NAME.balance",
              "`order`, `round-robin`, `least-sessions` or `source`",
              "order",
              "which of those that are up is first; `source`: always the same for a source"),
          optional(
              "targets.NAME.source", "address, or `client`", "the listener's", "as of a listener"),
          optional("targets.NAME.interface", "name", "the listener's", "as of a listener"),
          optional(
              "targets.NAME.mark",
              "integer, 0 to 4294967295, or `0x...`",
              "the listener's",
              "as of a listener"),
          optional(
              "targets.NAME.dscp",
              "integer, 0 to 63, or name",
              "the listener's",
              "as of a listener, of packets to targets"),
          optional(
              "targets.NAME.user-timeout",
              DURATION,
              "the listener's",
              "as of a listener, of connections to targets"),
          optional(
              "targets.NAME.mptcp",
              "`true` or `false`",
              "the listener's",
              "as of a listener, with targets"),
          optional(
              "targets.NAME.nodelay",
              "`true` or `false`",
              "the listener's",
              "as of a listener, to targets"),
          withDefault(
              "targets.NAME.check.type",
              "`none`, `connect` or `expect`",
              "none",
              "how members are asked whether they are up"),
          withDefault("targets.NAME.check.every", DURATION, "2s", "from one check to the next"),
          withDefault("targets.NAME.check.timeout", DURATION, "1s", "for the whole of a check"),
          withDefault(
              "targets.NAME.check.rise", COUNT, "2", "successes in a row that bring a member up"),
          withDefault("targets.NAME.check.fall", COUNT, "3", "failures in a row that take it down"),
          withDefault(
              "targets.NAME.check.send",
              "text",
              "",
              "sent once connected; `\\r`, `\\n`, `\\t`, `\\xHH` are single bytes"),
          withDefault(
              "targets.NAME.check.expect",
              "text",
              "",
              "what the first 4 KiB of the answer must hold, for `expect`"),
          withDefault(
              "targets.NAME.check.port",
              "integer, 0 to 65535",
              "0",
              "asked instead of the member's own; `0`: that"),
          withDefault(
              "targets.NAME.eject.failures",
              "integer from 0",
              "3",
              "sessions in a row that could not be connected, which eject a member; `0`: never"),
          withDefault(
              "targets.NAME.eject.within", DURATION, "10s", "from the first of them to the last"),
          withDefault(
              "targets.NAME.eject.for", DURATION, "10s", "how long it gets no session then"),
          withDefault(
              "targets.NAME.attempts",
              "integer, 1 to 255",
              "3",
              "members tried for one session, all within `timeouts.connect`"),
          withDefault(
              "targets.NAME.resolve",
              DURATION,
              "30s",
              "names of members are looked up again this often; a look-up that fails keeps the last"
                  + " addresses"),
          withDefault(
              "targets.NAME.when-all-down",
              "`try` or `refuse`",
              "try",
              "where no member is up: as if all were, or close at once"),
          withDefault(
              "targets.NAME.on-down",
              "`keep` or `end`",
              "keep",
              "what becomes of the sessions of a member that checks find down"),
          withDefault(
              "targets.NAME.slow-start",
              DURATION,
              "0s",
              "a member that comes up gets its share over this time"),
          withDefault(
              "targets.NAME.spare-connections",
              "integer, 0 to 1000",
              "0",
              "connections that each connect worker opens ahead to each member that is up, for"
                  + " targets where the client speaks first"),
          required("chains.NAME[].type", "`socks5`, `socks4` or `http`", "what the proxy speaks"),
          required("chains.NAME[].proxy", "target", "where it is: `HOST:PORT` or `[v6]:PORT`"),
          optional(
              "chains.NAME[].user",
              "text",
              "none",
              "who you are to the proxy; the user's id of `socks4`"),
          secret(
              "chains.NAME[].password",
              "text, or `file:PATH`",
              "none",
              "the password, or the file whose one line it is, for `socks5` and `http` with a"
                  + " `user`"),
          secret(
              "chains.NAME[].headers.NAME",
              "text",
              "none",
              "a header of this name for the CONNECT of `http`"),
          optional(
              "chains.NAME[].resolve",
              "`proxy` or `local`",
              "`proxy`; `local` for `socks4`",
              "who looks up a name that is behind this proxy; `proxy` makes SOCKS4 4a"),
          optional(
              "acls.NAME[].name", "name", "`#1`, `#2`, …", "the rule's name in logs and metrics"),
          required(
              "acls.NAME[].action", "`pass` or `block`", "what happens to a session that matches"),
          optional(
              "acls.NAME[].from",
              "network or list of networks",
              "everyone",
              "the client's address: `10.0.0.0/8`, `192.0.2.7`, `2001:db8::/32`, or `file:PATH` for"
                  + " a list"),
          optional(
              "acls.NAME[].from-port",
              "port, range, or list of them",
              "any",
              "the client's port, as in `1024-65535`"),
          optional(
              "acls.NAME[].peer",
              "network or list of networks",
              "anyone",
              "who really connected; another than the client where that one sent a PROXY header"),
          optional(
              "acls.NAME[].to",
              "network or list of networks",
              "any",
              "the address the client came to, by the PROXY header where there is one"),
          optional(
              "acls.NAME[].to-port", "port, range, or list of them", "any", "its port, likewise"),
          optional(
              "acls.NAME[].when",
              "schedule",
              "always",
              "days, hours and zone, as in `Mon-Fri 07:00-19:00 Europe/Oslo`"),
          optional(
              "acls.NAME[].bandwidth",
              "name",
              "the listener's",
              "the class of sessions that match"),
          optional(
              "acls.NAME[].via",
              "name, or `none`",
              "the listener's",
              "the chain of proxies that sessions that match go through"),
          optional("acls.NAME[].max-sessions", COUNT, "no limit", "live sessions of this rule"),
          optional(
              "acls.NAME[].max-sessions-per-source",
              COUNT,
              "no limit",
              "live sessions of this rule from one source"),
          optional(
              "acls.NAME[].rate",
              "COUNT/DURATION",
              "no limit",
              "new sessions of this rule, as in `50/1s`: at most so many in any such period"),
          optional(
              "acls.NAME[].rate-per-source",
              "COUNT/DURATION",
              "no limit",
              "new sessions of this rule from one source, as in `3/10s`"),
          withDefault(
              "acls.NAME[].shared",
              "`server` or `cluster`",
              "server",
              "whose `max-sessions`, `rate` and bandwidth they are: each server's, or that of all"
                  + " servers of the `cluster` together"),
          optional(
              "acls.NAME[].log",
              "list of `connect`, `disconnect`, `error`",
              "the line at the end only",
              "`connect` adds a line when a session starts; the one at its end is always written"),
          withDefault(
              "source-prefix.v4",
              "integer, 0 to 32",
              "32",
              "leading bits that make one IPv4 source"),
          withDefault(
              "source-prefix.v6",
              "integer, 0 to 128",
              "64",
              "leading bits that make one IPv6 source"),
          optional("bandwidth.NAME.up", "rate", "no limit", "client to target"),
          optional("bandwidth.NAME.down", "rate", "no limit", "target to client"),
          withDefault(
              "bandwidth.NAME.burst",
              "size, or `auto`",
              "auto",
              "what may pass at once after a pause; `auto`: what passes in 20 ms"),
          withDefault(
              "bandwidth.NAME.shared-by",
              "`all`, `rule`, `source` or `session`",
              "all",
              "whose sessions share the rate"),
          ClusterKeys.REDIS,
          ClusterKeys.NAME,
          ClusterKeys.TOKEN,
          ClusterKeys.SENTINEL_TOKEN,
          ClusterKeys.REDIS_PORTS,
          ClusterKeys.CA,
          ClusterKeys.WHEN_AWAY,
          withDefault("workers.negotiate", WORKERS, "1", "processes of the negotiate stage"),
          withDefault("workers.acl", WORKERS, "1", "processes of the acl stage"),
          withDefault("workers.connect", WORKERS, "1", "processes of the connect stage"),
          withDefault("workers.bandwidth", WORKERS, "1", "processes of the bandwidth stage"),
          withDefault(
              "workers.io",
              WORKERS + ", or `auto`",
              "auto",
              "processes that forward; `auto` is one per core"),
          withDefault(
              "workers.spares",
              "integer, 0 to 8",
              "1",
              "processes that wait to take the place of a worker of any stage that dies"),
          fixed(
              withDefault(
                  "state-transfer.mode",
                  "`inline`, `file-fd` or `shm`",
                  "inline",
                  "how session state travels between stages")),
          fixed(
              withDefault(
                  "state-transfer.file-fd.backing",
                  "`memfd` or `directory:PATH`",
                  "memfd",
                  "what holds the state in mode `file-fd`")),
          fixed(
              withDefault(
                  "state-transfer.shm.slots",
                  "integer, 1 to 65536",
                  "4096",
                  "sessions in set-up at once in mode `shm`; more go as `file-fd`")),
          fixed(
              withDefault(
                  "state-transfer.padding",
                  "size, 0 to 16 MiB",
                  "0",
                  "extra state per session, for measuring")),
          withDefault("timeouts.negotiate", DURATION, "10s", "from accept until the connect stage"),
          withDefault(
              "timeouts.connect",
              DURATION,
              "10s",
              "for opening the target connection, name included"),
          withDefault("timeouts.idle", DURATION, "0s", "no byte in either direction; `0s`: never"),
          withDefault(
              "timeouts.half-closed",
              DURATION,
              "0s",
              "one direction has ended and the other is still; `0s`: never"),
          withDefault(
              "timeouts.udp",
              DURATION,
              "30s",
              "no datagram in either direction of a session over UDP; `0s`: never"),
          withDefault(
              "timeouts.drain",
              DURATION,
              "30s",
              "what a stop gives live sessions to end; `0s`: for ever"),
          withDefault(
              "timeouts.orphan",
              DURATION,
              "1h",
              "how long sessions may go on whose server was killed; `0s`: to their end"),
          withDefault(
              "limits.max-sessions", "integer, 1 to 1000000", "10000", "live sessions at once"),
          fixed(
              withDefault(
                  "admin.socket",
                  "path",
                  "/run/bouncer/admin.sock",
                  "the admin socket; for a user who may not write there,"
                      + " `$XDG_RUNTIME_DIR/bouncer/admin.sock`, else"
                      + " `/tmp/bouncer-UID/admin.sock`")),
          fixed(
              withDefault(
                  "admin.mode",
                  "octal permissions",
                  "0600",
                  "who may connect to the admin socket")),
          fixed(
              withDefault(
                  "metrics.listen",
                  "address",
                  "",
                  "where `/metrics` and the status page are served, over HTTP; empty: nowhere")),
          fixed(
              withDefault(
                  "metrics.hosts",
                  "host name, or a list of them",
                  "",
                  "names by which they may be asked for, beside `localhost` and the machine's"
                      + " addresses; others get 421; `*`: any")),
          withDefault(
              "log.level",
              "`error`, `warn`, `info`, `debug` or `trace`",
              "info",
              "the server's own log"),
          optional(
              "log.levels.NAME",
              "as `log.level`",
              "`log.level`",
              "of a stage's workers (`io`), or of a package or class of the mother's, in quotes"),
          withDefault(
              "log.access.to",
              "`stdout`, `file:PATH`, `syslog` or `none`",
              "stdout",
              "where the access log goes"),
          withDefault(
              "log.access.syslog",
              "path",
              "/dev/log",
              "the socket of the syslog daemon, for `syslog`"),
          withDefault("log.access.format", "`logfmt` or `json`", "logfmt", "the form of its lines"),
          fixed(withDefault("user", "name", "", "switched to after binding, when started as root")),
          fixed(withDefault("group", "name", "", "likewise; empty: the group of `user`")),
          fixed(
              withDefault(
                  "confine",
                  "`true` or `false`",
                  "true",
                  "workers give up what their stage does not need; `false` is for debugging")),
          fixed(
              withDefault(
                  "survive",
                  "`true` or `false`",
                  "true",
                  "live sessions go on in another io worker when theirs dies")));

  private static final Map<String, SchemaKey> BY_PATH = new LinkedHashMap<>();

  static {
    for (SchemaKey key : KEYS) {
      BY_PATH.put(key.path(), key);
    }
  }

  private Schema() {}

  /** Every key, in the order of the documentation. */
  public static List<SchemaKey> keys() {
    return KEYS;
  }

  /** The key at that path. */
  static SchemaKey key(String path) {
    SchemaKey key = BY_PATH.get(path);
    if (key == null) {
      throw new IllegalStateException("not in the schema: " + path);
    }
    return key;
  }

  /** The names possible directly below {@code path}; "" is the `bouncer` block itself. */
  static Set<String> childrenOf(String path) {
    String prefix = path.isEmpty() ? "" : path + ".";
    Set<String> children = new LinkedHashSet<>();
    for (SchemaKey key : KEYS) {
      if (key.path().startsWith(prefix)) {
        String rest = key.path().substring(prefix.length());
        int dot = rest.indexOf('.');
        String child = dot < 0 ? rest : rest.substring(0, dot);
        // A list under a fixed key; one under a name is told apart by its callers.
        boolean fixed = child.endsWith("[]") && !child.startsWith("NAME");
        children.add(fixed ? child.substring(0, child.length() - 2) : child);
      }
    }
    return children;
  }
}
