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
    if (section.isEmptyList("listen")) {
      section
          .problems()
          .error(section.whereOf("listen"), "listeners." + name + ".listen names no address");
    }
    ListenerTarget target = ListenerTarget.read(section, name, groups);
    Integer answers =
        section.read("answers", (text, where) -> Quantities.integer(text, 0, Integer.MAX_VALUE));
    Integer acl = section.read("acl", Names.reference("acl", aclNames));
    if (section.isAbsent("acl")) {
      section
          .problems()
          .warn(section.where(), "listeners." + name + " has no acl: everyone may connect");
    }
    Integer bandwidth =
        section.read("bandwidth", Names.reference("bandwidth class", bandwidthNames));
    Integer via = section.read("via", ChainReader.reference(chainNames));
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
            SocketSettingsReader.read(section),
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
            "listen",
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
    Integer userTimeoutMs = listener.read("user-timeout", ListenerReader::userTimeout);
    Section section = listener.section("keep-alive");
    Integer count =
        section.read("count", (text, where) -> Quantities.integer(text, 1, KeepAlive.MOST_COUNT));
    return new KeepAlive(
        Objects.requireNonNullElse(section.read("idle", ListenerReader::seconds), 0),
        Objects.requireNonNullElse(section.read("interval", ListenerReader::seconds), 0),
        Objects.requireNonNullElse(count, 0),
        Objects.requireNonNullElse(userTimeoutMs, KeepAlive.FOLLOWS));
  }

  static Integer userTimeout(String text, Where where) {
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
    Integer mode = section.read("mode", ConfigurationReader::mode);
    ListenOptions options =
        new ListenOptions(
            Objects.requireNonNullElse(mode, -1),
            Objects.requireNonNullElse(section.read("owner", ConfigurationReader::user), ""),
            Objects.requireNonNullElse(section.read("group", ConfigurationReader::group), ""),
            section.read("free-bind", ConfigurationReader::flag));
    List<Endpoint> all = listen == null ? List.of() : listen;
    if (all.stream().noneMatch(one -> one.kind() == Endpoint.Kind.UNIX)) {
      for (String key : List.of("mode", "owner", "group")) {
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
        duration(section, "negotiate", global.negotiateMs()),
        duration(section, "connect", global.connectMs()),
        duration(section, "idle", global.idleMs()),
        duration(section, "half-closed", global.halfClosedMs()),
        duration(section, "udp", global.udpMs()));
  }

  private static long duration(Section section, String key, long standard) {
    String text = standard % 1000 == 0 ? standard / 1000 + "s" : standard + "ms";
    return section.readInherited(
        key, (value, where) -> Quantities.durationMs(value), text, "timeouts." + key);
  }
}
