package org.portbouncer.launcher.metrics;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.function.Supplier;
import org.portbouncer.core.config.Configuration.StateTransfer;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.shared.DatagramDrop;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.launcher.admin.ClusterView;
import org.portbouncer.launcher.admin.MemberView;
import org.portbouncer.launcher.state.ServerState;

/**
 * The server's own metrics, one snapshot for each scrape. The names and labels are public:
 * docs/metrics.md lists them. In the mother, on the thread that answers the scrape.
 */
final class FiguresCollector implements MultiCollector {

  private static final String LISTENER = "listener";
  private static final double MS_PER_SECOND = 1000;

  private final Supplier<Figures> source;

  FiguresCollector(Supplier<Figures> source) {
    this.source = source;
  }

  @Override
  public MetricSnapshots collect() {
    Figures figures = source.get();
    MetricFamilies families = new MetricFamilies();
    server(figures, families);
    listeners(figures, families);
    times(figures, families);
    WorkerFamilies.add(figures, families);
    policy(figures, families);
    targets(figures, families);
    transfer(figures.transfer(), families);
    trouble(figures, families);
    if (figures.cluster() != null) {
      cluster(figures.cluster(), families);
    }
    return families.build();
  }

  private static void server(Figures figures, MetricFamilies families) {
    Figures.Server server = figures.server();
    families.info("bouncer_build", "Always 1; the version.", "version", server.version());
    families.gauge(
        "bouncer_ready",
        "1 while the state is ready.",
        v -> v.add(server.standing().ready() ? 1 : 0));
    families.gauge(
        "bouncer_state",
        "1 for the state that the server is in, 0 for the others.",
        v -> {
          for (ServerState state : ServerState.values()) {
            v.add(state == server.standing().state() ? 1 : 0, "state", state.text());
          }
        });
    families.gauge(
        "bouncer_config_epoch",
        "Number of the configuration in force.",
        v -> v.add(server.epoch()));
    families.gauge(
        "process_resident_memory_bytes",
        "Resident memory of the mother.",
        v -> v.add(server.rssBytes()));
    families.gauge(
        "bouncer_sessions_limit",
        "The most sessions at once, limits.max-sessions.",
        v -> v.add(figures.sessions().limit()));
    families.counter(
        "bouncer_sessions_resumed",
        "How often a live session went on in another io worker, after its own had ended.",
        v -> v.add(figures.sessions().resumed()));
  }

  private static void listeners(Figures figures, MetricFamilies families) {
    families.counter(
        "bouncer_accepted",
        "Clients taken from the listen queue.",
        v -> figures.listeners().forEach(l -> v.add(l.accepted(), LISTENER, l.name())));
    families.counter(
        "bouncer_passed",
        "Sessions that the ACL let through.",
        v -> figures.listeners().forEach(l -> v.add(l.passed(), LISTENER, l.name())));
    families.counter(
        "bouncer_sessions",
        "Sessions that have ended, by how.",
        v -> {
          for (Figures.Listener listener : figures.listeners()) {
            for (Result result : Result.values()) {
              v.add(listener.ended(result), LISTENER, listener.name(), "result", result.text());
            }
          }
        });
    families.gauge(
        "bouncer_listener_last_error_timestamp_seconds",
        "When a session of the listener last failed; 0 for never.",
        v -> figures.listeners().forEach(l -> v.add(lastErrorSeconds(l), LISTENER, l.name())));
    families.gauge(
        "bouncer_sessions_active",
        "Sessions between accept and end.",
        v -> figures.listeners().forEach(l -> v.add(l.active(), LISTENER, l.name())));
    families.counter(
        "bouncer_bytes",
        "Bytes forwarded, up to targets and down to clients; live sessions included.",
        v -> {
          for (Figures.Listener listener : figures.listeners()) {
            v.add(listener.bytesUp(), LISTENER, listener.name(), "direction", "up");
            v.add(listener.bytesDown(), LISTENER, listener.name(), "direction", "down");
          }
        });
    datagrams(figures, families);
  }

  private static void datagrams(Figures figures, MetricFamilies families) {
    List<Figures.Listener> udp =
        figures.listeners().stream().filter(one -> one.datagrams() != null).toList();
    families.counter(
        "bouncer_datagrams",
        "Datagrams forwarded, up to targets and down to clients; live sessions included.",
        v -> {
          for (Figures.Listener listener : udp) {
            v.add(listener.datagrams().up(), LISTENER, listener.name(), "direction", "up");
            v.add(listener.datagrams().down(), LISTENER, listener.name(), "direction", "down");
          }
        });
    families.counter(
        "bouncer_datagrams_dropped",
        "Datagrams that came and were not forwarded.",
        v -> {
          for (Figures.Listener listener : udp) {
            for (DatagramDrop why : DatagramDrop.values()) {
              long count = listener.datagrams().dropped()[why.ordinal()];
              v.add(count, LISTENER, listener.name(), "reason", why.text());
            }
          }
        });
  }

  /**
   * 0 where there was none: a series that comes only then would be missed by who computes with it.
   */
  private static double lastErrorSeconds(Figures.Listener listener) {
    return listener.lastError() == null ? 0 : listener.lastError().lastMs() / 1e3;
  }

  private static void times(Figures figures, MetricFamilies families) {
    families.histogram(
        "bouncer_hop_seconds",
        "From the stage before to this one.",
        h -> figures.stages().forEach(s -> h.add(s.hops(), WorkerFamilies.STAGE, s.id().text())));
    families.histogram(
        "bouncer_setup_seconds",
        "From accept to forwarding.",
        h -> figures.listeners().forEach(l -> h.add(l.setup(), LISTENER, l.name())));
    families.histogram(
        "bouncer_connect_seconds",
        "From the connect stage to the target's answer, name look-up included.",
        h ->
            figures
                .listeners()
                .forEach(l -> h.add(l.connect(), "group", l.group(), LISTENER, l.name())));
  }

  private static void policy(Figures figures, MetricFamilies families) {
    families.counter(
        "bouncer_acl_decisions",
        "What rules decided.",
        v ->
            figures
                .decisions()
                .forEach(
                    d -> v.add(d.count(), "acl", d.acl(), "rule", d.rule(), "action", d.action())));
    families.counter(
        "bouncer_bandwidth_throttled_seconds",
        "How long sessions waited for their bandwidth class, summed over them.",
        v -> figures.classes().forEach(c -> v.add(c.throttledNanos() / 1e9, "class", c.name())));
    families.counter(
        "bouncer_bandwidth_bytes",
        "Bytes that sessions of the bandwidth class have moved, live ones included.",
        v -> {
          for (Figures.BandwidthClass each : figures.classes()) {
            v.add(each.bytesUp(), "class", each.name(), "direction", "up");
            v.add(each.bytesDown(), "class", each.name(), "direction", "down");
          }
        });
    families.gauge(
        "bouncer_bandwidth_limit_bytes_per_second",
        "What the bandwidth class allows now; 0 for no limit.",
        v -> {
          for (Figures.BandwidthClass each : figures.classes()) {
            v.add(each.up(), "class", each.name(), "direction", "up");
            v.add(each.down(), "class", each.name(), "direction", "down");
          }
        });
    families.gauge(
        "bouncer_bandwidth_sessions",
        "Live sessions of the bandwidth class.",
        v -> figures.classes().forEach(c -> v.add(c.sessions(), "class", c.name())));
  }

  private static void targets(Figures figures, MetricFamilies families) {
    families.gauge(
        "bouncer_target_up",
        "1 while the member gets sessions.",
        v -> figures.members().forEach(m -> v.add(m.state().equals("up") ? 1 : 0, member(m))));
    families.gauge(
        "bouncer_target_taken_out",
        "1 while the operator has taken the member out.",
        v -> figures.members().forEach(m -> v.add(m.takenOut() ? 1 : 0, member(m))));
    families.gauge(
        "bouncer_target_sessions_active",
        "Sessions that are to the member, or on their way.",
        v -> figures.members().forEach(m -> v.add(m.active(), member(m))));
    families.counter(
        "bouncer_target_connects",
        "Connections to the member for sessions, by what came of them.",
        v -> {
          for (MemberView one : figures.members()) {
            for (TargetBoard.Outcome outcome : TargetBoard.Outcome.values()) {
              v.add(one.connects()[outcome.ordinal()], member(one, outcome.text()));
            }
          }
        });
    families.counter(
        "bouncer_target_checks",
        "Checks of the member, by what came of them.",
        v -> {
          for (MemberView one : figures.members()) {
            v.add(one.checksOk(), member(one, "ok"));
            v.add(one.checksFailed(), member(one, "failed"));
          }
        });
    families.counter(
        "bouncer_target_spares",
        "Connections opened to the member ahead of sessions, by what came of them.",
        v -> {
          for (MemberView one : figures.members()) {
            for (TargetBoard.Ahead what : TargetBoard.Ahead.values()) {
              v.add(one.ahead()[what.ordinal()], member(one, what.text()));
            }
          }
        });
  }

  private static void cluster(ClusterView cluster, MetricFamilies families) {
    families.gauge(
        "bouncer_cluster_reached",
        "1 while Redis answers.",
        v -> v.add(cluster.state().equals("away") || cluster.leaseAgeMs() < 0 ? 0 : 1));
    families.gauge(
        "bouncer_cluster_servers",
        "Servers of the cluster, as last heard.",
        v -> v.add(cluster.members()));
    families.gauge(
        "bouncer_cluster_lease_age_seconds",
        "Since the parts in use were asked for; no value before the first.",
        v -> {
          if (cluster.leaseAgeMs() >= 0) {
            v.add(cluster.leaseAgeMs() / MS_PER_SECOND);
          }
        });
    families.gauge(
        "bouncer_cluster_limit",
        "What all servers together may have.",
        v -> cluster.limits().forEach(one -> v.add(one.limit(), limit(one))));
    families.gauge(
        "bouncer_cluster_held",
        "This server's part of it.",
        v -> cluster.limits().forEach(one -> v.add(one.part(), limit(one))));
    families.gauge(
        "bouncer_cluster_used",
        "What this server uses of it.",
        v -> cluster.limits().forEach(one -> v.add(one.used(), limit(one))));
  }

  private static String[] limit(ClusterView.Limit one) {
    return new String[] {"limit", one.of(), "of", one.name()};
  }

  private static String[] member(MemberView one) {
    return new String[] {"group", one.group(), "member", one.name()};
  }

  private static String[] member(MemberView one, String outcome) {
    return new String[] {"group", one.group(), "member", one.name(), "outcome", outcome};
  }

  private static void transfer(Figures.Transfer transfer, MetricFamilies families) {
    families.counter(
        "bouncer_state_bytes",
        "State of sessions that were set up, by how it came to the last stage.",
        v -> {
          for (StateTransfer.Mode mode : StateTransfer.Mode.values()) {
            v.add(transfer.bytes()[mode.ordinal()], "mode", mode.text());
          }
        });
    families.counter(
        "bouncer_state_spills",
        "Hops whose state went another way than configured.",
        v -> v.add(transfer.spilled()));
    families.gauge("bouncer_state_slots", "Slots for session state.", v -> v.add(transfer.slots()));
    families.gauge(
        "bouncer_state_slots_used",
        "Slots for session state that are taken.",
        v -> v.add(transfer.slotsUsed()));
  }

  private static void trouble(Figures figures, MetricFamilies families) {
    Figures.Trouble trouble = figures.trouble();
    families.counter(
        "bouncer_log_lines_lost",
        "Access log lines left out because nobody took them in time.",
        v -> v.add(trouble.logLinesLost()));
    families.counter(
        "bouncer_server_log_lines_lost",
        "Lines of the server's log left out because nobody took them in time.",
        v -> v.add(trouble.serverLogLinesLost()));
    families.counter(
        "bouncer_accept_pauses",
        "How often accepting paused, and for want of what.",
        v -> {
          v.add(trouble.pausedForDescriptors(), "reason", "descriptors");
          v.add(trouble.pausedForRecords(), "reason", "records");
          v.add(trouble.pausedForQueue(), "reason", "queue");
        });
    families.counter(
        "bouncer_limit_table_full",
        "Sessions refused because one more source could not be counted.",
        v -> v.add(trouble.limitTableFull()));
    families.counter(
        "bouncer_bucket_table_full",
        "Sessions with a rate of their own because one more shared bucket could not be kept.",
        v -> v.add(trouble.bucketTableFull()));
  }
}
