package org.portbouncer.launcher.mother.desk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.Nearest;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.shared.ClassTerms;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.launcher.admin.Operations;
import org.portbouncer.launcher.admin.RefusedException;
import org.portbouncer.launcher.admin.ReloadView;
import org.portbouncer.launcher.admin.SessionView;
import org.portbouncer.launcher.admin.SessionWatch;
import org.portbouncer.launcher.figures.ClusterView;
import org.portbouncer.launcher.figures.Figures;
import org.portbouncer.launcher.figures.MemberView;
import org.portbouncer.launcher.metrics.MetricsSource;
import org.portbouncer.launcher.mother.cluster.ClusterKeeper;
import org.portbouncer.launcher.mother.cluster.ClusterLimits;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.ending.Shutdown;
import org.portbouncer.launcher.mother.epochs.Reloader;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.sight.FiguresReader;
import org.portbouncer.launcher.mother.sight.HeaviestSessions;
import org.portbouncer.launcher.mother.sight.SessionViews;
import org.portbouncer.launcher.mother.sight.StateWatch;
import org.portbouncer.launcher.mother.staff.Moves;
import org.portbouncer.launcher.mother.staff.Supervisor;
import org.portbouncer.launcher.mother.succession.UpgradeWait;
import org.portbouncer.launcher.mother.succession.Upgrades;
import org.portbouncer.launcher.mother.tuning.Bandwidth;
import org.portbouncer.launcher.mother.tuning.Targets;
import org.portbouncer.launcher.state.Standing;

/**
 * What the admin socket may ask. Called on its threads: reading goes to shared memory and to what
 * never changes, everything else is posted to the mother's loop.
 */
public final class ServerOperations implements Operations, MetricsSource {

  /** For the loop to answer. */
  private static final int ANSWER_SECONDS = 10;

  /** Sessions of internal targets may hold a move up for longer. */
  private static final int MOVE_SECONDS = 10;

  /** For the loop to show that it turns. */
  private static final int TURN_SECONDS = 2;

  /** For a reload, and one more that was asked for before it. */
  private static final int RELOAD_SECONDS = 300;

  /** A wait of a second that took so long was not this process's alone to end. */
  private static final long STOPPED_NANOS = 1_500_000_000;

  private final Ground ground;
  private final InForce inForce;
  private final FiguresReader figures;
  private final SessionViews sessions;
  private final Bandwidth bandwidth;
  private final Targets targets;
  private final StateWatch stateWatch;
  private final Supervisor supervisor;
  private final Reloader reloader;
  private final Shutdown shutdown;
  private final Upgrades upgrades;
  private final ClusterKeeper cluster;
  private CompletableFuture<Void> turn;

  public ServerOperations(
      Ground ground,
      InForce inForce,
      FiguresReader figures,
      Targets targets,
      StateWatch stateWatch,
      Supervisor supervisor,
      Reloader reloader,
      Shutdown shutdown,
      Upgrades upgrades,
      ClusterKeeper cluster) {
    this.upgrades = upgrades;
    this.ground = ground;
    this.inForce = inForce;
    this.figures = figures;
    this.sessions = new SessionViews(ground);
    this.bandwidth = new Bandwidth(ground.area().classes(), inForce, supervisor.everyone());
    this.targets = targets;
    this.stateWatch = stateWatch;
    this.supervisor = supervisor;
    this.reloader = reloader;
    this.shutdown = shutdown;
    this.cluster = cluster;
  }

  @Override
  public Figures figures() {
    return figures.read();
  }

  @Override
  public Standing standing() {
    return stateWatch.now();
  }

  @Override
  public List<SessionView> sessions() {
    return sessions.all();
  }

  @Override
  public SessionWatch watch() {
    return new HeaviestSessions(ground, sessions);
  }

  @Override
  public int kill(long[] ids) {
    Set<Long> wanted = new HashSet<>();
    for (long id : ids) {
      wanted.add(id);
    }
    return onLoop(
        () -> {
          SessionTable table = ground.table();
          BitSet killed = new BitSet();
          ground
              .live()
              .each(
                  record -> {
                    int generation = table.generation(record);
                    if (wanted.contains(table.id(record))
                        && table.requestEnd(record, generation, Result.KILLED)) {
                      killed.set(record);
                    }
                  });
          if (!killed.isEmpty()) {
            supervisor.everyone().endUnwanted();
          }
          return killed.cardinality();
        });
  }

  @Override
  public ReloadView reload(boolean recheck) {
    CompletableFuture<ReloadView> done = new CompletableFuture<>();
    ground.post(() -> carryOut(done, () -> reloader.request(recheck, done::complete)));
    return await(done, RELOAD_SECONDS);
  }

  @Override
  public Figures.BandwidthClass limit(String name, Long up, Long down) throws RefusedException {
    if (ClusterLimits.isShared(inForce.configuration(), name)) {
      throw new RefusedException(
          "bandwidth class '" + name + "' is shared in the cluster, which says what its part is");
    }
    Optional<ClassTerms> set = onLoop(() -> bandwidth.limit(name, up, down));
    if (set.isEmpty()) {
      List<String> names =
          inForce.configuration().bandwidth().stream().map(BandwidthClass::name).toList();
      throw new RefusedException("no bandwidth class '" + name + "'" + Nearest.hint(name, names));
    }
    // A reload that was under way may have followed since: the answer is about what was asked.
    return figures
        .classUnder(name, set.get())
        .orElseThrow(() -> new RefusedException("a reload has just taken the class away"));
  }

  @Override
  public List<MemberView> members() {
    return targets.members();
  }

  @Override
  public int target(TargetBoard.Mode mode, String which) throws RefusedException {
    return targets.say(mode, which);
  }

  @Override
  public int move(String worker) throws RefusedException {
    CompletableFuture<Moves.Outcome> done = new CompletableFuture<>();
    String refusal = onLoop(() -> supervisor.moves().begin(worker, done::complete));
    if (!refusal.isEmpty()) {
      throw new RefusedException(refusal);
    }
    try {
      Moves.Outcome outcome = done.get(MOVE_SECONDS, TimeUnit.SECONDS);
      if (outcome.lost() > 0) {
        throw new RefusedException(
            "moved: %d, ended with the worker: %d; the log says why"
                .formatted(outcome.moved(), outcome.lost()));
      }
      return outcome.moved();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedException("interrupted; the worker is still to be moved");
    } catch (ExecutionException e) {
      throw new IllegalStateException("internal error: " + e.getCause(), e);
    } catch (TimeoutException e) {
      throw new RefusedException(
          "it still serves sessions of internal targets; it is moved when the last has ended");
    }
  }

  @Override
  public void upgrade(String to, boolean ifChanged, Upgraded told)
      throws RefusedException, IOException {
    UpgradeWait wait = new UpgradeWait();
    ground.post(() -> upgrades.begin(Path.of(to), ifChanged, wait));
    wait.await(told);
  }

  @Override
  public boolean turns() {
    try {
      turn().get(TURN_SECONDS, TimeUnit.SECONDS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException | TimeoutException e) {
      return false;
    }
  }

  /**
   * One task for all who ask at the same time: a loop that does not turn gathers no heap of them.
   */
  private synchronized CompletableFuture<Void> turn() {
    if (turn == null || turn.isDone()) {
      CompletableFuture<Void> asked = new CompletableFuture<>();
      turn = asked;
      ground.post(() -> asked.complete(null));
    }
    return turn;
  }

  private <T> T onLoop(Supplier<T> task) {
    CompletableFuture<T> done = new CompletableFuture<>();
    ground.post(() -> carryOut(done, () -> done.complete(task.get())));
    return await(done, ANSWER_SECONDS);
  }

  /** What fails costs the one who asked, not the loop. */
  private static void carryOut(CompletableFuture<?> done, Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      done.completeExceptionally(e);
    }
  }

  /** Waits for the loop; a second in which the whole process was stopped is none of its seconds. */
  private static <T> T await(CompletableFuture<T> done, int seconds) {
    int left = seconds;
    while (true) {
      long begun = System.nanoTime();
      try {
        return done.get(1, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      } catch (ExecutionException e) {
        throw new IllegalStateException("internal error: " + e.getCause(), e);
      } catch (TimeoutException e) {
        boolean stopped = System.nanoTime() - begun > STOPPED_NANOS;
        if (!stopped && --left == 0) {
          throw new IllegalStateException("the server did not answer in time", e);
        }
      }
    }
  }

  @Override
  public void stop(boolean now) {
    ground.post(() -> shutdown.begin(now));
  }

  @Override
  public ClusterView cluster() throws RefusedException {
    ClusterView view = cluster.view();
    if (view == null) {
      throw new RefusedException("no cluster is configured");
    }
    return view;
  }

  @Override
  public int active() {
    return ground.active();
  }
}
