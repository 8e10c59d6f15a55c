package org.portbouncer.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.Chain;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.RuleMemory;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.config.Timeouts;
import org.portbouncer.core.sys.Accounts;

/** Reads the `bouncer` block into a {@link Configuration}. Runs in the mother and in commands. */
final class ConfigurationReader {

  private static final ValueReader<Long> DURATION = (text, where) -> Quantities.durationMs(text);
  private static final int MAX_PADDING = 16 << 20;
  private static final String DIRECTORY = "directory:";

  private ConfigurationReader() {}

  /**
   * The configuration; to be used only when no error was reported.
   *
   * @param memory for the networks of its rules
   */
  static Configuration read(Section bouncer, Path file, RuleMemory memory) {
    bouncer.requireKnown(Schema.childrenOf(""));
    Section aclSection = bouncer.section("acls");
    Section classSection = bouncer.section("bandwidth");
    List<String> aclNames = Names.of(aclSection);
    List<String> classNames = Names.of(classSection);

    Section timeouts = bouncer.section("timeouts");
    Timeouts global =
        new Timeouts(
            timeouts.read("negotiate", DURATION),
            timeouts.read("connect", DURATION),
            timeouts.read("idle", DURATION),
            timeouts.read("half-closed", DURATION),
            timeouts.read("udp", DURATION));
    long drainMs = timeouts.read("drain", DURATION);
    long orphanMs = timeouts.read("orphan", DURATION);

    ListenAddresses addresses = new ListenAddresses();
    List<TargetGroup> groups = TargetsReader.all(bouncer.section("targets"));
    Section chainSection = bouncer.section("chains");
    List<String> chainNames = Names.of(chainSection);
    List<Chain> chains = ChainReader.all(chainSection, chainNames);
    List<Listener> listeners =
        new ListenerReader(aclNames, classNames, chainNames, global, addresses, groups)
            .all(bouncer.section("listeners"));
    RuleReader ruleReader = new RuleReader(classNames, chainNames, new NetworkLists(memory));
    List<Acl> acls = new ArrayList<>();
    for (String name : aclNames) {
      acls.add(ruleReader.acl(aclSection, name));
    }
    List<BandwidthClass> classes = BandwidthReader.all(classSection, classNames);
    Section prefix = bouncer.section("source-prefix");
    return new Configuration(
        file.toAbsolutePath().normalize().toString(),
        List.copyOf(listeners),
        List.copyOf(groups),
        chains,
        List.copyOf(acls),
        List.copyOf(classes),
        new Configuration.SourcePrefix(
            prefix.read("v4", integer(0, 32)), prefix.read("v6", integer(0, 128))),
        workers(bouncer.section("workers")),
        stateTransfer(bouncer.section("state-transfer")),
        global,
        drainMs,
        orphanMs,
        bouncer.section("limits").read("max-sessions", integer(1, 1_000_000)),
        admin(bouncer.section("admin")),
        metrics(bouncer.section("metrics"), addresses),
        LogReader.read(bouncer.section("log")),
        bouncer.read("user", ConfigurationReader::user),
        bouncer.read("group", ConfigurationReader::group),
        bouncer.read("confine", ConfigurationReader::flag),
        bouncer.read("survive", ConfigurationReader::flag),
        ClusterReader.read(bouncer.section("cluster"), bouncer.isAbsent("cluster"), acls, classes));
  }

  private static ValueReader<Integer> integer(int min, int max) {
    return (text, where) -> Quantities.integer(text, min, max);
  }

  private static Configuration.Workers workers(Section workers) {
    ValueReader<Integer> count = integer(1, Configuration.Workers.MOST);
    ValueReader<Integer> io =
        (text, where) ->
            text.equals("auto") ? Configuration.Workers.auto() : count.read(text, where);
    return new Configuration.Workers(
        workers.read("negotiate", count),
        workers.read("acl", count),
        workers.read("connect", count),
        workers.read("bandwidth", count),
        workers.read("io", io),
        workers.read("spares", integer(0, 8)));
  }

  private static Configuration.StateTransfer stateTransfer(Section transfer) {
    Map<String, Configuration.StateTransfer.Mode> modes =
        Names.choices(
            Map.entry("inline", Configuration.StateTransfer.Mode.INLINE),
            Map.entry("file-fd", Configuration.StateTransfer.Mode.FILE_FD),
            Map.entry("shm", Configuration.StateTransfer.Mode.SHM));
    return new Configuration.StateTransfer(
        transfer.read("mode", Names.choice(modes)),
        transfer.section("file-fd").read("backing", ConfigurationReader::backing),
        transfer.read("padding", ConfigurationReader::padding),
        transfer.section("shm").read("slots", integer(1, 65_536)));
  }

  private static String backing(String text, Where where) {
    if (text.equals("memfd")) {
      return "";
    }
    if (text.startsWith(DIRECTORY)) {
      return EndpointParser.path(text.substring(DIRECTORY.length()), where.directory());
    }
    throw new InvalidValueException("'" + text + "' is neither memfd nor directory:/path");
  }

  private static Integer padding(String text, Where where) {
    long size = Quantities.sizeBytes(text);
    if (size > MAX_PADDING) {
      throw new InvalidValueException("'" + text + "' is too much; at most 16 MiB");
    }
    return (int) size;
  }

  private static Configuration.Admin admin(Section admin) {
    return new Configuration.Admin(
        adminSocket(admin), admin.read("mode", ConfigurationReader::mode));
  }

  static String adminSocket(Section admin) {
    return admin.read(
        "socket",
        (text, where) -> EndpointParser.socketPath(text, where.directory()),
        AdminDefaults.socketPath());
  }

  static Integer mode(String text, Where where) {
    if (!text.matches("0?[0-7]{3}")) {
      throw new InvalidValueException("'" + text + "' is not octal permissions such as 0600");
    }
    return Integer.parseInt(text, 8);
  }

  private static Configuration.Metrics metrics(Section metrics, ListenAddresses addresses) {
    List<String> hosts = metrics.readList("hosts", ConfigurationReader::host);
    return new Configuration.Metrics(
        metrics.read("listen", (text, where) -> metricsListen(text, where, addresses)),
        hosts == null ? List.of() : hosts.stream().filter(host -> !host.isEmpty()).toList());
  }

  private static String host(String text, Where where) {
    if (!text.matches("\\*|[A-Za-z0-9_.-]*|\\[?[0-9A-Fa-f:.]+\\]?")) {
      throw new InvalidValueException("'" + text + "' is not the name of a host, without a port");
    }
    return text;
  }

  private static Endpoint metricsListen(String text, Where where, ListenAddresses addresses) {
    if (text.isBlank()) {
      return null;
    }
    Endpoint endpoint = EndpointParser.listen(text.strip(), where.directory());
    if (endpoint.kind() != Endpoint.Kind.INET
        || endpoint.udp()
        || endpoint.host().indexOf('%') >= 0) {
      throw new InvalidValueException("'" + text + "' is not HOST:PORT, as in 127.0.0.1:9464");
    }
    addresses.addDualStack(endpoint, "metrics.listen", where);
    return endpoint;
  }

  static Boolean flag(String text, Where where) {
    return Names.choice(Names.choices(Map.entry("true", true), Map.entry("false", false)))
        .read(text, where);
  }

  static String user(String text, Where where) {
    if (!text.isEmpty() && Accounts.user(text).isEmpty()) {
      throw new InvalidValueException("this machine has no user '" + text + "'");
    }
    return text;
  }

  static String group(String text, Where where) {
    if (!text.isEmpty() && Accounts.group(text).isEmpty()) {
      throw new InvalidValueException("this machine has no group '" + text + "'");
    }
    return text;
  }
}
