package org.portbouncer.launcher.mother.staff;

import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.worker.WorkerStart;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.handover.CallSocket;
import org.portbouncer.launcher.mother.launch.LaunchedWorker;
import org.portbouncer.launcher.mother.launch.Launcher;
import org.portbouncer.launcher.mother.rescue.Inboxes;
import org.portbouncer.launcher.privilege.Confinement;

/**
 * Has a worker's process begin, and tells it what it needs. In the mother, on her loop's thread.
 */
final class Starter {

  private final Ground ground;
  private final InForce inForce;
  private final PublishedEpochs published;
  private final AccessLog accessLog;
  private final Inboxes inboxes;
  private final CallSocket calls;
  private final Launcher launcher;
  private final Staff staff;
  private final AllWorkers all;

  /** By stage: of the jars as they were when this server started. */
  private final int[] builds = new int[StageId.count()];

  private Confinement confinement;

  /**
   * @param published the configurations that workers get when they start
   * @param accessLog whose descriptor they write to
   * @param calls where those of io are asked for their sessions once there is no mother
   * @param launcher starts them
   */
  Starter(
      Ground ground,
      InForce inForce,
      PublishedEpochs published,
      AccessLog accessLog,
      Inboxes inboxes,
      CallSocket calls,
      Launcher launcher,
      Staff staff,
      AllWorkers all) {
    this.ground = ground;
    this.inForce = inForce;
    this.published = published;
    this.accessLog = accessLog;
    this.inboxes = inboxes;
    this.calls = calls;
    this.launcher = launcher;
    this.staff = staff;
    this.all = all;
  }

  /** Workers are of the build that the jars have now, and confined like this. */
  void begin(Confinement how) throws StartException {
    confinement = how;
    for (StageId stage : StageId.values()) {
      builds[stage.ordinal()] = launcher.build(stage);
    }
  }

  /** Which build workers of a stage are of. */
  int build(StageId stage) {
    return builds[stage.ordinal()];
  }

  int buildOfSpare() throws StartException {
    return launcher.buildOfSpare();
  }

  /**
   * Has a worker's process begin.
   *
   * @param spare one that waits for it; null for none
   */
  void start(WorkerProcess worker, LaunchedWorker spare) throws StartException {
    StageId stage = worker.stage();
    LaunchedWorker launched =
        spare != null
            ? spare
            : launcher.start(stage, worker.index(), builds[stage.ordinal()], confinement);
    SharedArea area = ground.area();
    StateSlots slots = ground.states().slots();
    worker.starts().receivedBefore(area.workers().get(worker.place(), WorkerBoard.Count.RECEIVED));
    boolean sharedNext = stage.hasNext() && !stage.choosesInbox();
    int[] next = sharedNext ? inboxes.writing(stage.next()) : new int[0];
    worker.start(
        launched,
        new WorkerStart(
            launched.build(),
            stage,
            worker.index(),
            worker.place(),
            ground.batch(),
            accessLog.form(),
            area.fd(),
            accessLog.fd(),
            slots == null ? -1 : slots.fd(),
            stage.forwards() ? calls.fd() : -1,
            worker.inbox().reading(),
            next),
        stage.forwards() && inForce.configuration().survive(),
        () -> {
          all.level(worker);
          if (stage.choosesInbox()) {
            staff.tellLanes(worker);
          }
        },
        published);
  }
}
