package org.portbouncer.launcher.mother.sight;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.admin.HopView;
import org.portbouncer.launcher.admin.SessionView;
import org.portbouncer.launcher.mother.ground.Ground;

/** The live sessions as people and programs see them. In the mother, from any thread. */
public final class SessionViews {

  private static final long NANOS_PER_MS = 1_000_000;

  private final Ground ground;

  public SessionViews(Ground ground) {
    this.ground = ground;
  }

  /** Every live session. */
  public List<SessionView> all() {
    List<SessionView> views = new ArrayList<>();
    SessionTable table = ground.table();
    long now = System.nanoTime();
    ground
        .live()
        .each(
            record -> {
              SessionView view = one(table, record, now);
              if (view != null) {
                views.add(view);
              }
            });
    return views;
  }

  /** The session in this record; null where there is none. */
  SessionView one(int record) {
    return one(ground.table(), record, System.nanoTime());
  }

  private SessionView one(SessionTable table, int record, long now) {
    int generation = table.generation(record);
    if (!table.counts(record)) {
      return null;
    }
    SessionView view = view(table, record, now);
    boolean same =
        table.generation(record) == generation && table.phase(record) != SessionTable.Phase.FREE;
    return same ? view : null;
  }

  private SessionView view(SessionTable table, int record, long now) {
    Epoch epoch = ground.epochs().get(table.epoch(record));
    int index = table.listener(record);
    if (epoch == null || index >= epoch.configuration().listeners().size()) {
      return null;
    }
    Configuration configuration = epoch.configuration();
    Listener listener = configuration.listeners().get(index);
    Acl acl = listener.acl() < 0 ? null : configuration.acls().get(listener.acl());
    int rule = table.rule(record);
    int bandwidth = table.bandwidth(record);
    if (acl != null && rule >= acl.rules().size()
        || bandwidth >= configuration.bandwidth().size()) {
      return null;
    }
    List<HopView> hops = new ArrayList<>();
    for (StageId stage : StageId.values()) {
      int pid = table.hopPid(record, stage);
      if (pid != 0) {
        hops.add(new HopView(stage.text(), pid, table.hopMicros(record, stage)));
      }
    }
    return new SessionView(
        table.id(record),
        listener.name(),
        table.client(record),
        AccessLog.localText(table.local(record), listener, table.endpoint(record)),
        listener.target().text(),
        acl == null ? null : acl.name(),
        acl == null || rule < 0 ? null : acl.rules().get(rule).name(),
        bandwidth < 0 ? null : configuration.bandwidth().get(bandwidth).name(),
        state(table, record),
        table.owner(record),
        table.transfer().mode(record).text(),
        table.transfer().stateBytes(record),
        Math.max(0, (now - table.accepted(record)) / NANOS_PER_MS),
        Math.max(0, (now - table.activity(record)) / NANOS_PER_MS),
        table.bytesUp(record),
        table.bytesDown(record),
        table.throttledNanos(record) / NANOS_PER_MS,
        orNull(table.route().peer(record)),
        orNull(AccessLog.memberText(table, record, configuration, listener)),
        orNull(AccessLog.serverText(table, record, listener)),
        AccessLog.attempts(table, record),
        orNull(AccessLog.viaText(table, record, configuration)),
        hops);
  }

  private static String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  /** The stage that has it, or its inbox does; `forwarding` once set up, `ending` at the last. */
  private static String state(SessionTable table, int record) {
    return switch (table.phase(record)) {
      case ENDING -> "ending";
      case QUEUED -> "queued-" + table.stage(record).text();
      default -> table.setupMicros(record) > 0 ? "forwarding" : table.stage(record).text();
    };
  }
}
