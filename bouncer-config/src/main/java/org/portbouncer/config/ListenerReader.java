package org.portbouncer.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.KeepAlive;
import org.portbouncer.core.config.ListenOptions;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.ProxyProtocol;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.config.Timeouts;

/** Reads the listeners. Runs in the mother and in commands. */
final class ListenerReader {

  /** Each counts in a place of its own, and so do some that a reload took away. */
  private static final int MOST = 512;

  static final Keys KEYS = new Keys("listeners.NAME");

  private static final ConfigKey<List<Endpoint>> LISTEN =
      KEYS.required(
          "listen",
          Form.words("address or list of addresses"),
          "where clients connect: `HOST:PORT`, `[v6]:PORT`, `*:PORT`, with `FIRST-LAST` for a range"
              + " of ports, `udp:` and one of these, or `unix:PATH`");

  static final ConfigKey<Endpoint> TARGET =
      KEYS.required(
          "target",
          new Form<>(
              "target, or list of them",
              (text, where) -> EndpointParser.target(text.strip(), where.directory())),
          "where sessions go: `HOST:PORT`, `[v6]:PORT`, `HOST:+N`, `udp:` and one of these,"
              + " `unix:PATH`, `group:NAME`, or `internal:http`, `internal:echo`,"
              + " `internal:discard`; of a list of `HOST:PORT` the first that can be connected");

  private static final ConfigKey<Integer> ACL =
      KEYS.optional("acl", Form.words("name"), "none", "the ACL; without one everyone may connect");

  private static final ConfigKey<Integer> BANDWIDTH =
      KEYS.optional(
          "bandwidth", Form.words("name"), "none", "the class of sessions whose rule names none");

  private static final ConfigKey<Integer> VIA =
      KEYS.optional(
          "via",
          Form.words("name, or `none`"),
          "none",
          "the chain of proxies that leads to the target");

  private static final ConfigKey<Long> NEGOTIATE = overriding(TimeoutsReader.NEGOTIATE);

  private static final ConfigKey<Long> CONNECT = overriding(TimeoutsReader.CONNECT);

  private static final ConfigKey<Long> IDLE = overriding(TimeoutsReader.IDLE);

  private static final ConfigKey<Long> HALF_CLOSED = overriding(TimeoutsReader.HALF_CLOSED);

  private static final ConfigKey<Long> UDP = overriding(TimeoutsReader.UDP);

  private static final ConfigKey<Integer> ANSWERS =
      KEYS.withDefault(
          "answers",
          Form.from(0, Integer.MAX_VALUE),
          "0",
          "datagrams of the target after which a session over UDP ends, as `1` for DNS, once they"
              + " are no fewer than the client's; `0`: they end none");

  private static final Form<Integer> SECONDS =
      new Form<>("duration, whole seconds", ListenerReader::seconds);

  private static final ConfigKey<Integer> KEEP_ALIVE_IDLE =
      KEYS.optional(
          "keep-alive.idle",
          SECONDS,
          "the system's",
          "silence before the kernel asks whether a peer still lives");

  private static final ConfigKey<Integer> KEEP_ALIVE_INTERVAL =
      KEYS.optional(
          "keep-alive.interval", SECONDS, "the system's", "from one question to the next");

  private static final ConfigKey<Integer> KEEP_ALIVE_COUNT =
      KEYS.optional(
          "keep-alive.count",
          Form.integer(1, KeepAlive.MOST_COUNT),
          "the system's",
          "questions without an answer after which the connection is given up");

  /** How long bytes may go without an answer. */
  static final Form<Integer> USER_TIMEOUTS =
      new Form<>(Form.DURATION.text(), ListenerReader::userTimeout);

  private static final ConfigKey<Integer> USER_TIMEOUT =
      KEYS.optional(
          "user-timeout",
          USER_TIMEOUTS,
          "as long as `keep-alive` takes",
          "how long bytes that were sent may go without any answer of the peer; `0s` for the"
              + " system's");

  private static final ConfigKey<Integer> MODE =
      KEYS.optional(
          "mode",
          AdminReader.PERMISSIONS,
          "the process's",
          "of its socket files: who may connect to a `unix:` address, as in `0660`");

  private static final ConfigKey<String> OWNER =
      KEYS.optional(
          "owner",
          ConfigurationReader.ACCOUNT,
          "the server's user",
          "of its socket files; another one takes root");

  private static final ConfigKey<String> GROUP =
      KEYS.optional(
          "group",
          ConfigurationReader.ACCOUNT_GROUP,
          "the server's group",
          "of its socket files, likewise");

  private static final SocketKeys SOCKETS = SocketKeys.ofListener(KEYS);

  private static final ConfigKey<Boolean> FREE_BIND =
      KEYS.withDefault(
          "free-bind",
          Form.FLAG,
          "false",
          "listen also on an address that this machine does not have yet (IP_FREEBIND)");

  static {
    KEYS.add(ProxyReader.KEYS);
  }

  private final List<String> aclNames;
  private final List<String> bandwidthNames;
  private final List<String> chainNames;
  private final Timeouts global;
  private final ListenAddresses addresses;
  private final List<TargetGroup> groups;

  /**
   * @param groups those of `targets`; those of listeners' own lists are added
   */
  ListenerReader(
      List<String> aclNames,
      List<String> bandwidthNames,
      List<String> chainNames,
      Timeouts global,
      ListenAddresses addresses,
      List<TargetGroup> groups) {
    this.groups = groups;
    this.addresses = addresses;
    this.aclNames = aclNames;
    this.bandwidthNames = bandwidthNames;
    this.chainNames = chainNames;
    this.global = global;
  }

  /** Every listener; reports when there is none. */
  List<Listener> all(Section listeners) {
    List<Listener> all = new ArrayList<>();
    for (String name : Names.of(listeners)) {
      Section section = listeners.named(name);
      if (listeners.isBlock(name)) {
        all.add(listener(section, name));
      }
    }
    if (all.size() > MOST) {
      listeners
          .problems()
          .error(
              listeners.where(), all.size() + " listeners are too many; " + MOST + " are possible");
    }
    int sockets = all.stream().mapToInt(one -> one.listen().size()).sum();
    if (sockets > PortRanges.MOST) {
      listeners
          .problems()
          .error(
              listeners.where(),
              sockets + " addresses are too many; " + PortRanges.MOST + " are possible");
    }
    if (all.isEmpty() && !listeners.problems().hasErrors()) {
      listeners
          .problems()
          .error(
              listeners.where(),
              "there is no listener; at least one is needed, as in listeners { web { listen ="
                  + " \"127.0.0.1:8080\", target = \"internal:http\" } }");
    }
    return all;
  }

  private Listener listener(Section section, String name) {
    List<Endpoint> listen = listen(section, name);
    if (section.isEmptyList(LISTEN.name())) {
      section
          .problems()
          .error(section.whereOf(LISTEN.name()), "listeners." + name + ".listen names no address");
    }
    ListenerTarget target = ListenerTarget.read(section, name, groups);
    Integer answers = section.read(ANSWERS);
    Integer acl = section.read(ACL, Names.reference("acl", aclNames));
    if (section.isAbsent(ACL.name())) {
      section
          .problems()
          .warn(section.where(), "listeners." + name + " has no acl: everyone may connect");
    }
    Integer bandwidth = section.read(BANDWIDTH, Names.reference("bandwidth class", bandwidthNames));
    Integer via = section.read(VIA, ChainReader.reference(chainNames));
    Section timeoutSection = section.section("timeouts");
    Timeouts timeouts = timeouts(timeoutSection);
    TargetGroup group = target.group() < 0 ? null : groups.get(target.group());
    ProxyProtocol proxy =
        ProxyReader.read(section, listen == null ? List.of() : listen, target.endpoint(), group);
    Set<ProxyProtocol.Send> sends = ProxyReader.sends(proxy, group);
    DatagramDoubts.check(
        section, name, listen, target.endpoint(), proxy.accepts(), sends, timeoutSection);
    Listener listener =
        new Listener(
            name,
            listen == null ? List.of() : List.copyOf(listen),
            target.endpoint(),
            target.group(),
            Objects.requireNonNullElse(acl, -1),
            Objects.requireNonNullElse(bandwidth, -1),
            Objects.requireNonNullElse(via, -1),
            timeouts,
            keepAlive(section),
            options(section, listen),
            SocketSettingsReader.read(section, SOCKETS),
            proxy,
            Objects.requireNonNullElse(answers, 0),
            section.where().file(),
            section.where().line());
    if (listener.target() != null) {
      SocketSettingsReader.check(section, listener, group);
    }
    return listener;
  }

  /** All addresses; null where there are none. */
  private List<Endpoint> listen(Section section, String name) {
    List<List<Endpoint>> listen =
        section.readList(
            LISTEN,
            (text, where) -> {
              List<Endpoint> all = PortRanges.listen(text.strip(), where.directory());
              for (Endpoint endpoint : all) {
                addresses.add(endpoint, "listener '" + name + "'", where);
              }
              return all;
            });
    return listen == null ? null : listen.stream().flatMap(List::stream).toList();
  }

  private static KeepAlive keepAlive(Section listener) {
    Integer userTimeoutMs = listener.read(USER_TIMEOUT);
    Section section = listener.section("keep-alive");
    Integer count = section.read(KEEP_ALIVE_COUNT);
    return new KeepAlive(
        Objects.requireNonNullElse(section.read(KEEP_ALIVE_IDLE), 0),
        Objects.requireNonNullElse(section.read(KEEP_ALIVE_INTERVAL), 0),
        Objects.requireNonNullElse(count, 0),
        Objects.requireNonNullElse(userTimeoutMs, KeepAlive.FOLLOWS));
  }

  private static Integer userTimeout(String text, Where where) {
    long ms = Quantities.durationMs(text);
    if (ms != 0 && ms < 1000 || ms > KeepAlive.MOST_SECONDS * 1000L) {
      throw new InvalidValueException(
          "'"
              + text
              + "' is not possible; 1s to "
              + KeepAlive.MOST_SECONDS
              + "s, or 0s for the system's");
    }
    return (int) ms;
  }

  /** The kernel counts keep-alive in whole seconds. */
  private static Integer seconds(String text, Where where) {
    long ms = Quantities.durationMs(text);
    if (ms % 1000 != 0 || ms < 1000 || ms > KeepAlive.MOST_SECONDS * 1000L) {
      throw new InvalidValueException(
          "'" + text + "' is not possible; whole seconds, 1s to " + KeepAlive.MOST_SECONDS + "s");
    }
    return (int) (ms / 1000);
  }

  private static ListenOptions options(Section section, List<Endpoint> listen) {
    Integer mode = section.read(MODE);
    ListenOptions options =
        new ListenOptions(
            Objects.requireNonNullElse(mode, -1),
            Objects.requireNonNullElse(section.read(OWNER), ""),
            Objects.requireNonNullElse(section.read(GROUP), ""),
            section.read(FREE_BIND));
    List<Endpoint> all = listen == null ? List.of() : listen;
    if (all.stream().noneMatch(one -> one.kind() == Endpoint.Kind.UNIX)) {
      for (ConfigKey<?> ofFiles : List.of(MODE, OWNER, GROUP)) {
        String key = ofFiles.name();
        if (!section.isAbsent(key)) {
          section
              .problems()
              .warn(
                  section.whereOf(key),
                  "'" + key + "' has no effect: it is for socket files, and no address is unix:");
        }
      }
    }
    return options;
  }

  private Timeouts timeouts(Section section) {
    return new Timeouts(
        duration(section, NEGOTIATE, global.negotiateMs(), TimeoutsReader.NEGOTIATE),
        duration(section, CONNECT, global.connectMs(), TimeoutsReader.CONNECT),
        duration(section, IDLE, global.idleMs(), TimeoutsReader.IDLE),
        duration(section, HALF_CLOSED, global.halfClosedMs(), TimeoutsReader.HALF_CLOSED),
        duration(section, UDP, global.udpMs(), TimeoutsReader.UDP));
  }

  private static long duration(
      Section section, ConfigKey<Long> key, long standard, ConfigKey<Long> global) {
    String text = standard % 1000 == 0 ? standard / 1000 + "s" : standard + "ms";
    return section.readInherited(key, text, global);
  }

  /** A listener's own value of a global key. */
  private static ConfigKey<Long> overriding(ConfigKey<Long> global) {
    String path = global.schema().path();
    return KEYS.optional(path, Form.DURATION, '`' + path + '`', "overrides the global one");
  }
}
