package org.portbouncer.launcher.mother.sight;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.mother.cluster.ClusterKeeper;
import org.portbouncer.launcher.mother.doors.Acceptor;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.staff.HangWatch;
import org.portbouncer.launcher.mother.staff.Supervisor;
import org.portbouncer.launcher.mother.staff.WorkerNews;
import org.portbouncer.launcher.mother.staff.WorkerProcess;
import org.portbouncer.launcher.mother.tuning.Targets;
import org.portbouncer.launcher.mother.upkeep.LeftOutLines;
import org.portbouncer.launcher.state.Condition;
import org.portbouncer.launcher.state.Conditions;
import org.portbouncer.launcher.state.Conditions.Effect;
import org.portbouncer.launcher.state.ServerState;
import org.portbouncer.launcher.state.Standing;

/**
 * Looks at the server at regular times, and whenever a worker comes or goes, and says how it is:
 * all outputs take it from here. In the mother; looks on her loop's thread, {@link #now} is for
 * any.
 */
public final class StateWatch extends Timer implements WorkerNews {

  private static final long LOOK_NANOS = 250_000_000L;

  /** A loop that has not looked for so long does not turn. */
  private static final long STALE_NANOS = 3_000_000_000L;

  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long NANOS_PER_MS = 1_000_000L;

  /**
   * Lines are lost now and then, not all the time: so long after the last the log is well again.
   */
  private static final long LOSS_NANOS = 10_000_000_000L;

  private static final String NO_SIGN = "no sign of life";

  /** One look: what it found, and when on System.nanoTime. */
  private record Look(Standing standing, long at) {}

  private final Ground ground;
  private final InForce inForce;
  private final Supervisor supervisor;
  private final Acceptor acceptor;
  private final LeftOutLines leftOut;
  private final Targets targets;
  private final ClusterKeeper cluster;
  private final Conditions conditions = new Conditions();
  private final long startedMs = System.currentTimeMillis();
  private HangWatch hangWatch;
  private long stoppingMs;
  private long linesLost;
  private long lostAt;
  private volatile Look last;

  public StateWatch(
      Ground ground,
      InForce inForce,
      Supervisor supervisor,
      Acceptor acceptor,
      LeftOutLines leftOut,
      Targets targets,
      ClusterKeeper cluster) {
    this.ground = ground;
    this.inForce = inForce;
    this.supervisor = supervisor;
    this.acceptor = acceptor;
    this.leftOut = leftOut;
    this.targets = targets;
    this.cluster = cluster;
    this.last = new Look(starting(), System.nanoTime());
  }

  /**
   * @param hangWatch knows which workers give no sign of life
   */
  public void start(HangWatch hangWatch) {
    this.hangWatch = hangWatch;
    expired(ground.loop().now());
  }

  @Override
  protected void expired(long now) {
    look();
    ground.loop().timers().set(this, now + LOOK_NANOS);
  }

  @Override
  public void changed() {
    look();
  }

  /** Looks at once. */
  public void look() {
    long now = System.nanoTime();
    Standing standing;
    if (inForce.stopping()) {
      standing = stopping();
    } else if (!inForce.serving()) {
      standing = starting();
    } else {
      standing = serving(now);
    }
    last = new Look(standing, now);
  }

  /** How the server is; from any thread, and without waiting for the loop. */
  public Standing now() {
    Look look = last;
    long age = System.nanoTime() - look.at();
    if (age < STALE_NANOS || look.standing().state() == ServerState.STARTING) {
      return look.standing();
    }
    List<Condition> reasons = new ArrayList<>();
    reasons.add(
        new Condition(
            "mother",
            System.currentTimeMillis() - age / NANOS_PER_MS,
            "her loop has not turned for " + age / NANOS_PER_SECOND + " s"));
    reasons.addAll(look.standing().reasons());
    return new Standing(ServerState.DOWN, reasons);
  }

  private Standing starting() {
    int serving = 0;
    List<WorkerProcess> workers = supervisor.workers();
    for (WorkerProcess worker : workers) {
      serving += worker.serves() ? 1 : 0;
    }
    String detail = "workers that serve: " + serving + " of " + workers.size();
    return new Standing(ServerState.STARTING, List.of(new Condition("start", startedMs, detail)));
  }

  private Standing stopping() {
    if (stoppingMs == 0) {
      stoppingMs = System.currentTimeMillis();
    }
    String detail = "no new clients; sessions left: " + ground.active();
    return new Standing(ServerState.STOPPING, List.of(new Condition("stop", stoppingMs, detail)));
  }

  private Standing serving(long now) {
    conditions.begin(now, System.currentTimeMillis());
    for (StageId stage : StageId.values()) {
      conditions.see("stage " + stage.text(), Effect.BLOCKS_ALL, stage(stage));
    }
    conditions.see("workers", Effect.PARTIAL, silent());
    conditions.see("accepting", Effect.BLOCKS_ALL, acceptor.standstill(now));
    targets.endOnDown();
    Epoch epoch = inForce.epoch();
    List<TargetGroup> groups = epoch.configuration().targets();
    for (int i = 0; i < groups.size(); i++) {
      conditions.see(
          "group " + groups.get(i).name(),
          Effect.PARTIAL,
          targets.trouble(groups.get(i), epoch.places().targets()[i], now));
    }
    conditions.see("access log", Effect.PARTIAL, accessLog(now));
    conditions.see("cluster", Effect.PARTIAL, cluster.trouble());
    return conditions.end();
  }

  /** Why no session gets through a stage; empty where one does. */
  private String stage(StageId stage) {
    StringBuilder away = new StringBuilder();
    for (WorkerProcess worker : supervisor.workers()) {
      if (worker.stage() == stage && !worker.leaving()) {
        boolean silent = hangWatch.isSilent(worker);
        if (worker.serves() && !silent) {
          return "";
        }
        away.append(away.isEmpty() ? "" : ", ").append(worker.name()).append(' ');
        away.append(silent ? NO_SIGN : worker.state().text());
        if (!worker.starts().lastEnd().isEmpty()) {
          away.append(" (").append(worker.starts().lastEnd()).append(')');
        }
      }
    }
    int waiting = ground.active() - ground.area().workers().sessionsHeld();
    return "no worker serves: " + away + "; sessions waiting: " + Math.max(0, waiting);
  }

  /**
   * Which workers cannot be helped: their sessions stand still, and no successor takes new ones.
   */
  private String silent() {
    StringBuilder names = new StringBuilder();
    for (WorkerProcess worker : supervisor.workers()) {
      if (hangWatch.isSilent(worker)) {
        names.append(names.isEmpty() ? "" : ", ").append(worker.name());
      }
    }
    return names.isEmpty() ? "" : NO_SIGN + ": " + names;
  }

  private String accessLog(long now) {
    long lines = leftOut.lines();
    if (lines != linesLost) {
      linesLost = lines;
      lostAt = now;
    }
    String lost = "lines left out: " + lines;
    String trouble = leftOut.trouble();
    if (!trouble.isEmpty()) {
      return "cannot be written: " + trouble + "; " + lost;
    }
    return lines > 0 && now - lostAt < LOSS_NANOS ? lost : "";
  }
}
