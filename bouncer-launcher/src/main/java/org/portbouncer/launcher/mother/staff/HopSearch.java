package org.portbouncer.launcher.mother.staff;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.portbouncer.core.session.StageId;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.portbouncer.launcher.mother.rescue.LostOnHop;

/**
 * Looks for what a worker that died had in its hands between two stages, at every stage. In the
 * mother, on her loop's thread.
 */
public final class HopSearch implements LostOnHop.Peers {

  private final Ground ground;
  private final Staff staff;
  private final Inboxes inboxes;
  private final List<LostOnHop> stages = new ArrayList<>();

  /** Which sessions, by their configurations, are on their way here, and not in another server. */
  private IntPredicate ours = _ -> true;

  private int lastToken;

  HopSearch(Ground ground, Staff staff, Inboxes inboxes) {
    this.ground = ground;
    this.staff = staff;
    this.inboxes = inboxes;
  }

  /** Begins, with the first workers. */
  void begin() {
    for (StageId stage : StageId.values()) {
      stages.add(
          new LostOnHop(
              ground.loop(),
              ground.table(),
              ground.live(),
              ground.ends(),
              this,
              stage,
              () -> inboxes.writing(stage),
              number -> ours.test(number)));
    }
  }

  /**
   * Says whose sessions are looked for when a worker has died: there may be another server whose
   * sessions are in the same memory.
   *
   * @param which told the number of a session's configuration
   */
  public void ours(IntPredicate which) {
    ours = which;
  }

  /** A worker of this stage has died. */
  void died(StageId stage) {
    beginFor(stage);
    if (stage.hasNext()) {
      beginFor(stage.next());
    }
  }

  private void beginFor(StageId stage) {
    // What is on its way to another server's io workers is theirs to receive.
    if (!stage.inboxEach() || staff.successors().isEmpty()) {
      stages.get(stage.ordinal()).begin();
    }
  }

  void synced(WorkerProcess worker, int token) {
    for (LostOnHop stage : stages) {
      stage.synced(worker, token);
    }
  }

  /** Whether such a mark can be there; see {@link WorkerWatcher#marked}. */
  boolean marked(WorkerProcess worker, int token) {
    stages.get(worker.stage().ordinal()).marked(worker.inbox().writing(), token);
    return token > 0 && token <= lastToken;
  }

  @Override
  public int nextToken() {
    return ++lastToken;
  }

  /** One that is starting answers when it is up; it may have begun to read before it says so. */
  @Override
  public List<WorkerProcess> sync(StageId stage, int token) {
    List<WorkerProcess> asked = new ArrayList<>();
    for (WorkerProcess worker : staff.all()) {
      if (worker.stage() == stage && worker.linked()) {
        worker.link().sync(token);
        asked.add(worker);
      }
    }
    return asked;
  }
}
