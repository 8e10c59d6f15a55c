package org.portbouncer.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.Chain;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.RuleMemory;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.config.Timeouts;
import org.portbouncer.core.sys.Accounts;

/** Reads the `bouncer` block into a {@link Configuration}. Runs in the mother and in commands. */
final class ConfigurationReader {

  static final Keys LIMITS = new Keys("limits");

  private static final ConfigKey<Integer> MAX_SESSIONS =
      LIMITS.withDefault(
          "max-sessions", Form.integer(1, 1_000_000), "10000", "live sessions at once");

  /** Who the process is, and what holds for all of it. */
  static final Keys PROCESS = new Keys("");

  /** A user of this machine; empty for none. */
  static final Form<String> ACCOUNT = new Form<>("name", ConfigurationReader::user);

  /** Likewise of groups. */
  static final Form<String> ACCOUNT_GROUP = new Form<>("name", ConfigurationReader::group);

  static final ConfigKey<String> USER =
      PROCESS
          .restartOnly(Configuration::user)
          .withDefault("user", ACCOUNT, "", "switched to after binding, when started as root");

  private static final ConfigKey<String> GROUP =
      PROCESS
          .restartOnly(Configuration::group)
          .withDefault("group", ACCOUNT_GROUP, "", "likewise; empty: the group of `user`");

  private static final ConfigKey<Boolean> CONFINE =
      PROCESS
          .restartOnly(Configuration::confine)
          .withDefault(
              "confine",
              Form.FLAG,
              "true",
              "workers give up what their stage does not need; `false` is for debugging");

  private static final ConfigKey<Boolean> SURVIVE =
      PROCESS
          .restartOnly(Configuration::survive)
          .withDefault(
              "survive",
              Form.FLAG,
              "true",
              "live sessions go on in another io worker when theirs dies");

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
    Timeouts global = TimeoutsReader.read(timeouts);
    long drainMs = timeouts.read(TimeoutsReader.DRAIN);
    long orphanMs = timeouts.read(TimeoutsReader.ORPHAN);

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
    return new Configuration(
        file.toAbsolutePath().normalize().toString(),
        List.copyOf(listeners),
        List.copyOf(groups),
        chains,
        List.copyOf(acls),
        List.copyOf(classes),
        SourcePrefixReader.read(bouncer.section("source-prefix")),
        WorkersReader.read(bouncer.section("workers")),
        StateTransferReader.read(bouncer.section("state-transfer")),
        global,
        drainMs,
        orphanMs,
        bouncer.section("limits").read(MAX_SESSIONS),
        AdminReader.read(bouncer.section("admin")),
        MetricsReader.read(bouncer.section("metrics"), addresses),
        LogReader.read(bouncer.section("log")),
        bouncer.read(USER),
        bouncer.read(GROUP),
        bouncer.read(CONFINE),
        bouncer.read(SURVIVE),
        ClusterReader.read(bouncer.section("cluster"), bouncer.isAbsent("cluster"), acls, classes));
  }

  private static String user(String text, Where where) {
    if (!text.isEmpty() && Accounts.user(text).isEmpty()) {
      throw new InvalidValueException("this machine has no user '" + text + "'");
    }
    return text;
  }

  private static String group(String text, Where where) {
    if (!text.isEmpty() && Accounts.group(text).isEmpty()) {
      throw new InvalidValueException("this machine has no group '" + text + "'");
    }
    return text;
  }
}
