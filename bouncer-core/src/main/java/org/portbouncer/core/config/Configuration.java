package org.portbouncer.core.config;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.portbouncer.core.sys.Coded;

/**
 * The whole effective configuration, every default filled in. Immutable; made by {@code
 * ConfigLoader} in the mother (and in the commands that need no server) and handed to workers in
 * the compact form of {@code ConfigCodec}, so that no worker loads a configuration parser.
 *
 * @param file the file it was read from, absolute
 * @param listeners in the order of the file
 * @param targets groups of targets, those of listeners' own lists last
 * @param chains in the order of the file
 * @param acls in the order of the file
 * @param bandwidth in the order of the file
 * @param sourcePrefix what counts as one source
 * @param workers how many processes serve each stage
 * @param stateTransfer how session state travels
 * @param timeouts the global time limits
 * @param drainMs how long a stop waits for sessions to end; 0 for ever
 * @param orphanMs how long sessions may go on whose mother has died; 0 for ever
 * @param maxSessions the most sessions at once
 * @param admin the admin socket
 * @param metrics where metrics are served
 * @param log what is logged and where
 * @param user switched to after the listeners are bound; "" for no switch
 * @param group likewise; "" for the user's own group
 * @param confine whether workers give up what their stage does not need
 * @param survive whether live sessions go on in another io worker when theirs dies
 * @param cluster with which other servers limits are held; null for none, and in workers
 */
public record Configuration(
    String file,
    List<Listener> listeners,
    List<TargetGroup> targets,
    List<Chain> chains,
    List<Acl> acls,
    List<BandwidthClass> bandwidth,
    SourcePrefix sourcePrefix,
    Workers workers,
    StateTransfer stateTransfer,
    Timeouts timeouts,
    long drainMs,
    long orphanMs,
    int maxSessions,
    Admin admin,
    Metrics metrics,
    Log log,
    String user,
    String group,
    boolean confine,
    boolean survive,
    Cluster cluster) {

  /**
   * The rule that decided about a session; null for none.
   *
   * @param listener index of the session's
   * @param rule index into its ACL, -1 for none
   */
  public Rule rule(int listener, int rule) {
    int acl = listeners.get(listener).acl();
    return acl < 0 || rule < 0 ? null : acls.get(acl).rules().get(rule);
  }

  /**
   * Which chain a session goes through, -1 for none: the rule's comes before the listener's.
   *
   * @param listener index of the session's
   * @param decided the rule that decided; null for none
   */
  public int via(int listener, Rule decided) {
    return decided == null || decided.via() == Rule.LISTENERS_VIA
        ? listeners.get(listener).via()
        : decided.via();
  }

  /** Every chain that sessions of a listener may go through; -1 where one may go through none. */
  public Set<Integer> vias(Listener listener) {
    if (listener.acl() < 0) {
      return Set.of(listener.via());
    }
    return acls.get(listener.acl()).rules().stream()
        .filter(rule -> rule.action() == Rule.Action.PASS)
        .map(rule -> rule.via() == Rule.LISTENERS_VIA ? listener.via() : rule.via())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /**
   * Which chain the checks of a group go through, -1 for none: that of all its sessions, or where
   * they go several ways that of the first listener.
   */
  public int checkVia(int group) {
    List<Listener> users = listeners.stream().filter(one -> one.group() == group).toList();
    Set<Integer> ways = groupVias(group);
    return ways.size() == 1
        ? ways.iterator().next()
        : users.isEmpty() ? -1 : users.getFirst().via();
  }

  /**
   * Whether connections are opened ahead to a member: where some session may have one, which goes
   * through no chain and says nothing more of its socket than the member does.
   *
   * @param group index of the member's
   */
  public boolean opensAhead(int group, TargetGroup.Member member) {
    return targets.get(group).spareConnections() > 0
        && listeners.stream().anyMatch(one -> one.group() == group && takesSpares(one, member));
  }

  /** Whether some of the sessions of a listener may have a connection that was opened ahead. */
  public boolean takesSpares(Listener listener, TargetGroup.Member member) {
    return vias(listener).contains(-1)
        && member.sockets().over(listener.sockets()).equals(member.sockets());
  }

  /**
   * Which PROXY header the checks of a member begin with: its own, or that of the first listener.
   *
   * @param group index of the member's
   */
  public ProxyProtocol.Send checkSend(int group, TargetGroup.Member member) {
    if (member.send() != null) {
      return member.send();
    }
    return listeners.stream()
        .filter(one -> one.group() == group)
        .findFirst()
        .map(one -> one.proxy().send())
        .orElse(ProxyProtocol.Send.NONE);
  }

  /** Every chain that sessions to a group may go through; -1 where one may go through none. */
  public Set<Integer> groupVias(int group) {
    return listeners.stream()
        .filter(one -> one.group() == group)
        .flatMap(one -> vias(one).stream())
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** The same without the networks of its rules, for those that need the names alone. */
  public Configuration withoutNetworks() {
    return with(
        listeners,
        acls.stream()
            .map(
                acl ->
                    new Acl(acl.name(), acl.rules().stream().map(Rule::withoutNetworks).toList()))
            .toList());
  }

  /** The same with these acls, such as have been made ready to decide. */
  public Configuration withAcls(List<Acl> others) {
    return with(listeners, List.copyOf(others));
  }

  /** The same with these listeners, such as have the ports that the kernel chose. */
  public Configuration withListeners(List<Listener> others) {
    return with(others, acls);
  }

  /**
   * What a running server can make of it: the settings that change with a restart only are those of
   * the configuration it has.
   *
   * @param most the most sessions at once
   */
  public Configuration keeping(Configuration old, int most) {
    return new Configuration(
        file,
        listeners,
        targets,
        chains,
        acls,
        bandwidth,
        sourcePrefix,
        workers,
        old.stateTransfer,
        timeouts,
        drainMs,
        orphanMs,
        most,
        old.admin,
        old.metrics,
        log,
        old.user,
        old.group,
        old.confine,
        old.survive,
        old.cluster);
  }

  private Configuration with(List<Listener> newListeners, List<Acl> newAcls) {
    return new Configuration(
        file,
        newListeners,
        targets,
        chains,
        newAcls,
        bandwidth,
        sourcePrefix,
        workers,
        stateTransfer,
        timeouts,
        drainMs,
        orphanMs,
        maxSessions,
        admin,
        metrics,
        log,
        user,
        group,
        confine,
        survive,
        cluster);
  }

  /**
   * The metrics server.
   *
   * @param listen where; null for nowhere
   * @param hosts names it may be addressed by, beside its addresses and localhost
   */
  public record Metrics(Endpoint listen, List<String> hosts) {

    /** Copies the list. */
    public Metrics {
      hosts = List.copyOf(hosts);
    }
  }

  /** Prefix lengths that make one source of many addresses. */
  public record SourcePrefix(int v4, int v6) {}

  /**
   * Worker processes per stage, each at least 1; `auto` is already resolved to the number of cores.
   *
   * @param spares processes that wait to become a worker of any stage; 0 for none
   */
  public record Workers(int negotiate, int acl, int connect, int bandwidth, int io, int spares) {

    /** The most of one stage. */
    public static final int MOST = 64;

    /** Io workers where it is not said how many: one for each core. */
    public static int auto() {
      return Math.clamp(Runtime.getRuntime().availableProcessors(), 1, MOST);
    }

    /** Those of all stages. */
    public int all() {
      return negotiate + acl + connect + bandwidth + io;
    }
  }

  /**
   * How session state travels between stages.
   *
   * @param mode the way
   * @param directory where unlinked state files are made in mode FILE_FD; "" for memfd
   * @param padding extra bytes of state per session, 0 to 16 MiB
   * @param slots how many sessions may be set up at once in mode SHM before others go as FILE_FD
   */
  public record StateTransfer(Mode mode, String directory, int padding, int slots) {

    /**
     * The three ways; the configuration's and the JSON's names are {@code inline}, {@code file-fd}
     * and {@code shm}.
     */
    public enum Mode implements Coded {
      /** In the datagram. */
      INLINE("inline", 0),
      /** In a file whose descriptor goes along. */
      FILE_FD("file-fd", 1),
      /** In a slot of shared memory. */
      SHM("shm", 2);

      private static final Mode[] ALL = values();

      private final String text;
      private final int code;

      Mode(String text, int code) {
        this.text = text;
        this.code = code;
      }

      /** As it travels with a session and stands in its record. */
      @Override
      public int code() {
        return code;
      }

      /** The mode with this code, or null where there is none. */
      public static Mode withCode(int code) {
        for (Mode mode : ALL) {
          if (mode.code == code) {
            return mode;
          }
        }
        return null;
      }

      /** The name in configuration, logs and JSON. */
      public String text() {
        return text;
      }
    }
  }

  /**
   * The admin socket.
   *
   * @param socket its absolute path
   * @param mode its permission bits
   */
  public record Admin(String socket, int mode) {}

  /**
   * Logging.
   *
   * @param level error, warn, info, debug or trace
   * @param levels of stages and packages that have one of their own
   * @param access where and how the access log is written
   */
  public record Log(String level, List<NamedLevel> levels, AccessLog access) {

    /** The level of that stage's workers. */
    public String levelOf(String stage) {
      for (NamedLevel one : levels) {
        if (one.name().equals(stage)) {
          return one.level();
        }
      }
      return level;
    }
  }

  /**
   * The level of one part of the program.
   *
   * @param name a stage, or a package or class of the mother's
   * @param level error, warn, info, debug or trace
   */
  public record NamedLevel(String name, String level) {}

  /**
   * The access log.
   *
   * @param to where it goes
   * @param path the file, for {@link Sink#FILE}; the daemon's socket, for {@link Sink#SYSLOG}; ""
   *     otherwise
   * @param json true for one JSON object a line, false for logfmt
   */
  public record AccessLog(Sink to, String path, boolean json) {

    /** Where access log lines go. */
    public enum Sink {
      STDOUT,
      FILE,
      SYSLOG,
      NONE;

      /** The name in status. */
      public String text() {
        return name().toLowerCase(Locale.ROOT);
      }
    }
  }
}
