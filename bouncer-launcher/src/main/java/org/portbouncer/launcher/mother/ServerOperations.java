package org.portbouncer.launcher.mother;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Configuration.StateTransfer;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.ListenerCounters;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.Version;
import org.portbouncer.launcher.admin.HopView;
import org.portbouncer.launcher.admin.LimitsView;
import org.portbouncer.launcher.admin.ListenerView;
import org.portbouncer.launcher.admin.Operations;
import org.portbouncer.launcher.admin.ReloadView;
import org.portbouncer.launcher.admin.SessionView;
import org.portbouncer.launcher.admin.StateTransferView;
import org.portbouncer.launcher.admin.StatusView;
import org.portbouncer.launcher.admin.WorkerView;

/**
 * What the admin socket may ask. Called on its threads: reading goes to shared memory and to what
 * never changes, everything else is posted to the mother's loop.
 */
final class ServerOperations implements Operations {

  private static final long NANOS_PER_MS = 1_000_000;

  /** For the loop to answer. */
  private static final int ANSWER_SECONDS = 10;

  /** For a reload, and one more that was asked for before it. */
  private static final int RELOAD_SECONDS = 300;

  private static final long PAGE_BYTES = 4096;

  private final Mother mother;
  private final long startedAt = System.nanoTime();

  ServerOperations(Mother mother) {
    this.mother = mother;
  }

  @Override
  public StatusView status() {
    Epoch epoch = mother.epoch();
    Configuration configuration = epoch.configuration();
    WorkerBoard board = mother.area().workers();
    StateSlots slots = mother.states().slots();
    Live live = live();
    List<ListenerView> listeners = new ArrayList<>();
    for (int i = 0; i < configuration.listeners().size(); i++) {
      listeners.add(
          listener(configuration.listeners().get(i), epoch.places().listeners()[i], live));
    }
    List<WorkerView> workers = new ArrayList<>();
    for (WorkerProcess worker : mother.supervisor().workers()) {
      workers.add(worker(worker, board));
    }
    return new StatusView(
        Version.text(),
        mother.pid(),
        (System.nanoTime() - startedAt) / (1000 * NANOS_PER_MS),
        epoch.number(),
        mother.ready(),
        listeners,
        workers,
        new StateTransferView(
            configuration.stateTransfer().mode().text(),
            board.total(WorkerBoard.Count.SPILLED) + mother.states().spilled(),
            slots == null ? 0 : slots.count(),
            slots == null ? 0 : slots.used()),
        new LimitsView(configuration.maxSessions(), live.total));
  }

  private static WorkerView worker(WorkerProcess worker, WorkerBoard board) {
    boolean throttled = worker.state() == WorkerProcess.State.THROTTLED;
    long wait = (worker.nextStart() - System.nanoTime()) / NANOS_PER_MS;
    return new WorkerView(
        worker.stage().text(),
        worker.index(),
        worker.pid(),
        worker.state().text(),
        worker.restarts(),
        board.sessions(worker.place()),
        residentBytes(worker.pid()),
        worker.lastEnd().isEmpty() ? null : worker.lastEnd(),
        throttled ? Math.max(0, wait) : -1);
  }

  /** What the live sessions of each listener add up to, by its slot. */
  private static final class Live {
    private final int[] active = new int[ListenerCounters.SLOTS];
    private final long[] up = new long[ListenerCounters.SLOTS];
    private final long[] down = new long[ListenerCounters.SLOTS];
    private int total;
  }

  private Live live() {
    SessionTable table = mother.area().sessions();
    Live live = new Live();
    for (int record = 0; record < mother.records().highWater(); record++) {
      if (table.counts(record)) {
        int slot = table.slot(record);
        live.total++;
        if (slot < ListenerCounters.SLOTS) {
          live.active[slot]++;
          live.up[slot] += table.bytesUp(record);
          live.down[slot] += table.bytesDown(record);
        }
      }
    }
    return live;
  }

  private ListenerView listener(Listener listener, int slot, Live live) {
    ListenerCounters counters = mother.area().listeners();
    return new ListenerView(
        listener.name(),
        listener.listen().stream().map(Endpoint::text).toList(),
        listener.target().text(),
        counters.get(slot, ListenerCounters.Count.ACCEPTED),
        live.active[slot],
        counters.get(slot, ListenerCounters.Count.PASSED),
        counters.endedWith(slot, Result.BLOCKED),
        counters.endedWith(slot, Result.LIMITED),
        counters.get(slot, ListenerCounters.Count.FAILED),
        counters.get(slot, ListenerCounters.Count.BYTES_UP) + live.up[slot],
        counters.get(slot, ListenerCounters.Count.BYTES_DOWN) + live.down[slot]);
  }

  private static long residentBytes(int pid) {
    try {
      // proc(5): statm gives pages, the second number is the resident ones.
      String statm = Files.readString(Path.of("/proc/" + pid + "/statm"));
      return Long.parseLong(statm.split(" ", -1)[1]) * PAGE_BYTES;
    } catch (IOException | NumberFormatException e) {
      return 0;
    }
  }

  @Override
  public List<SessionView> sessions() {
    List<SessionView> views = new ArrayList<>();
    SessionTable table = mother.area().sessions();
    long now = System.nanoTime();
    for (int record = 0; record < mother.records().highWater(); record++) {
      int generation = table.generation(record);
      if (!table.counts(record)) {
        continue;
      }
      SessionView view = view(table, record, now);
      // A record that was freed while it was read is another session's by now.
      if (view != null
          && table.generation(record) == generation
          && table.phase(record) != SessionTable.Phase.FREE) {
        views.add(view);
      }
    }
    return views;
  }

  private SessionView view(SessionTable table, int record, long now) {
    // A record may be freed and taken again while it is read: each index is read once and checked,
    // and
    // the caller throws the view away where the generation changed.
    Epoch epoch = mother.epochs().get(table.epoch(record));
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
        StateTransfer.Mode.values()[table.transfer(record)].text(),
        table.stateBytes(record),
        Math.max(0, (now - table.accepted(record)) / NANOS_PER_MS),
        Math.max(0, (now - table.activity(record)) / NANOS_PER_MS),
        table.bytesUp(record),
        table.bytesDown(record),
        hops);
  }

  /** The stage that has it, or its inbox does; `forwarding` once set up, `ending` at the last. */
  private static String state(SessionTable table, int record) {
    return switch (table.phase(record)) {
      case ENDING -> "ending";
      case QUEUED -> "queued-" + table.stage(record).text();
      default -> table.setupMicros(record) > 0 ? "forwarding" : table.stage(record).text();
    };
  }

  @Override
  public int kill(long[] ids) {
    Set<Long> wanted = new HashSet<>();
    for (long id : ids) {
      wanted.add(id);
    }
    return onLoop(
        () -> {
          SessionTable table = mother.area().sessions();
          int killed = 0;
          for (int record = 0; record < mother.records().highWater(); record++) {
            int generation = table.generation(record);
            if (wanted.contains(table.id(record))
                && table.requestEnd(record, generation, Result.KILLED)) {
              killed++;
            }
          }
          if (killed > 0) {
            mother.supervisor().endUnwanted();
          }
          return killed;
        });
  }

  @Override
  public ReloadView reload(boolean recheck) {
    CompletableFuture<ReloadView> done = new CompletableFuture<>();
    mother.post(() -> mother.reloader().request(recheck, done::complete));
    return await(done, RELOAD_SECONDS);
  }

  private int onLoop(java.util.function.IntSupplier task) {
    CompletableFuture<Integer> done = new CompletableFuture<>();
    mother.post(() -> done.complete(task.getAsInt()));
    return await(done, ANSWER_SECONDS);
  }

  private static <T> T await(CompletableFuture<T> done, int seconds) {
    try {
      return done.get(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the server did not answer in time", e);
    }
  }

  @Override
  public void stop(boolean now) {
    mother.post(() -> mother.stop(now));
  }

  @Override
  public int active() {
    return mother.records().active();
  }
}
