package org.portbouncer.core.config;

import java.util.List;
import java.util.Locale;
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
    LogSettings log,
    String user,
    String group,
    boolean confine,
    boolean survive,
    Cluster cluster)
    implements Ways {

  static final Configuration BLANK = of("", List.of(), List.of(), List.of());

  /** One of which no more is set than this. */
  public static Configuration of(
      String file, List<Listener> listeners, List<Acl> acls, List<BandwidthClass> bandwidth) {
    return new Configuration(
        file,
        listeners,
        List.of(),
        List.of(),
        acls,
        bandwidth,
        SourcePrefix.STANDARD,
        Workers.ONE_EACH,
        StateTransfer.INLINE,
        Timeouts.NONE,
        0,
        0,
        1,
        Admin.NONE,
        Metrics.NONE,
        LogSettings.NONE,
        "",
        "",
        true,
        true,
        null);
  }

  /** All but with whom limits are shared, which is the mother's alone to know. */
  static Configuration pass(ConfigWire wire, Configuration it) throws ConfigCodecException {
    return new Configuration(
        wire.text(it.file),
        wire.list(it.listeners, Listener.BLANK, Listener::pass),
        wire.list(it.targets, TargetGroup.BLANK, TargetGroup::pass),
        wire.list(it.chains, Chain.BLANK, Chain::pass),
        wire.list(it.acls, Acl.BLANK, Acl::pass),
        wire.list(it.bandwidth, BandwidthClass.BLANK, BandwidthClass::pass),
        SourcePrefix.pass(wire, it.sourcePrefix),
        Workers.pass(wire, it.workers),
        StateTransfer.pass(wire, it.stateTransfer),
        Timeouts.pass(wire, it.timeouts),
        wire.longInteger(it.drainMs, 0),
        wire.longInteger(it.orphanMs, 0),
        wire.integer(it.maxSessions, 1),
        Admin.pass(wire, it.admin),
        Metrics.pass(wire, it.metrics),
        LogSettings.pass(wire, it.log),
        wire.text(it.user),
        wire.text(it.group),
        wire.flag(it.confine),
        wire.flag(it.survive),
        null);
  }

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

    static final Metrics NONE = new Metrics(null, List.of());

    static Metrics pass(ConfigWire wire, Metrics it) throws ConfigCodecException {
      return new Metrics(
          wire.nullable(it.listen, Endpoint.BLANK, Endpoint::pass),
          wire.list(it.hosts, "", ConfigWire::text));
    }
  }

  /** Prefix lengths that make one source of many addresses. */
  public record SourcePrefix(int v4, int v6) {

    /** The greatest of each. */
    public static final int MOST_V4 = 32;

    /** Likewise. */
    public static final int MOST_V6 = 128;

    static final SourcePrefix STANDARD = new SourcePrefix(32, 64);

    static SourcePrefix pass(ConfigWire wire, SourcePrefix it) throws ConfigCodecException {
      return new SourcePrefix(wire.integer(it.v4, 0, MOST_V4), wire.integer(it.v6, 0, MOST_V6));
    }
  }

  /**
   * Worker processes per stage, each at least 1; `auto` is already resolved to the number of cores.
   *
   * @param spares processes that wait to become a worker of any stage; 0 for none
   */
  public record Workers(int negotiate, int acl, int connect, int bandwidth, int io, int spares) {

    /** The most of one stage. */
    public static final int MOST = 64;

    /** The most spares. */
    public static final int MOST_SPARES = 8;

    static final Workers ONE_EACH = new Workers(1, 1, 1, 1, 1, 1);

    static Workers pass(ConfigWire wire, Workers it) throws ConfigCodecException {
      return new Workers(
          wire.integer(it.negotiate, 1, MOST),
          wire.integer(it.acl, 1, MOST),
          wire.integer(it.connect, 1, MOST),
          wire.integer(it.bandwidth, 1, MOST),
          wire.integer(it.io, 1, MOST),
          wire.integer(it.spares, 0, MOST_SPARES));
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

    /** The greatest padding. */
    public static final int MOST_PADDING = 16 << 20;

    /** The most slots. */
    public static final int MOST_SLOTS = 65_536;

    static final StateTransfer INLINE = new StateTransfer(Mode.INLINE, "", 0, 1);

    static StateTransfer pass(ConfigWire wire, StateTransfer it) throws ConfigCodecException {
      return new StateTransfer(
          wire.constant(it.mode, Mode.values()),
          wire.text(it.directory),
          wire.integer(it.padding, 0, MOST_PADDING),
          wire.integer(it.slots, 1, MOST_SLOTS));
    }

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
  public record Admin(String socket, int mode) {

    static final Admin NONE = new Admin("", 0);

    static Admin pass(ConfigWire wire, Admin it) throws ConfigCodecException {
      return new Admin(wire.text(it.socket), wire.integer(it.mode, 0, 0777));
    }
  }

  /**
   * The access log.
   *
   * @param to where it goes
   * @param path the file, for {@link Sink#FILE}; the daemon's socket, for {@link Sink#SYSLOG}; ""
   *     otherwise
   * @param json true for one JSON object a line, false for logfmt
   */
  public record AccessLog(Sink to, String path, boolean json) {

    static final AccessLog NONE = new AccessLog(Sink.NONE, "", false);

    static AccessLog pass(ConfigWire wire, AccessLog it) throws ConfigCodecException {
      return new AccessLog(
          wire.constant(it.to, Sink.values()), wire.text(it.path), wire.flag(it.json));
    }

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
