package org.portbouncer.core.worker;

import java.util.Arrays;
import java.util.List;
import org.portbouncer.core.config.ChainSecrets;
import org.portbouncer.core.log.AccessLog;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Libc;

/**
 * What a worker does when its mother says so, and when she says nothing any more: each order of
 * {@link MotherLink} has its method here. On the thread of the worker's loop.
 */
final class Duties {

  private final Worker worker;
  private final Stage stage;
  private final Inbox inbox;
  private final Departures departures;
  private final Arrivals arrivals;
  private final Held held;
  private final Epochs epochs;
  private final AccessLog accessLog;
  private final int build;
  private final OrphanDoor door;

  /** Once there is no mother who would end what is left. */
  private OrphanWatch orphanWatch;

  /** Once it is to end when it has done its part. */
  private LeaveWatch leaveWatch;

  Duties(
      Worker worker,
      Stage stage,
      Inbox inbox,
      Departures departures,
      Arrivals arrivals,
      Held held,
      Epochs epochs,
      AccessLog accessLog,
      int build,
      OrphanDoor door) {
    this.worker = worker;
    this.stage = stage;
    this.inbox = inbox;
    this.departures = departures;
    this.arrivals = arrivals;
    this.held = held;
    this.epochs = epochs;
    this.accessLog = accessLog;
    this.build = build;
    this.door = door;
  }

  /** Which build this process is of. */
  int build() {
    return build;
  }

  StageId stageId() {
    return stage.id();
  }

  void start() {
    inbox.open();
  }

  /** Adds configurations that were read. */
  void configure(List<NewEpoch> come) {
    for (NewEpoch one : come) {
      epochs.add(one.epoch());
      one.known().run();
    }
  }

  /** Forgets a configuration that will not come into force; no session can refer to it. */
  void withdraw(int number) {
    stage.withdrawn(number);
    epochs.retain(n -> n != number);
  }

  void secrets(int epoch, ChainSecrets secrets) {
    stage.secrets(epoch, secrets);
  }

  void classesChanged() {
    stage.classesChanged();
  }

  /**
   * Forgets configurations that no session refers to any more.
   *
   * @param oldest sessions that are still being set up began with this one, or later
   * @param inUse those of live sessions, ascending, the one in force among them
   */
  void retire(int oldest, int[] inUse) {
    int newest = inUse[inUse.length - 1];
    // What decides by an epoch lets go of it before its memory goes.
    stage.retired(oldest);
    if (stage.id().forwards()) {
      epochs.retain(n -> n > newest || Arrays.binarySearch(inUse, n) >= 0);
    } else {
      epochs.retain(n -> n >= oldest);
    }
  }

  /** Ends those held sessions that the operator, or newer rules, want gone. */
  void endUnwanted() {
    arrivals.endUnwantedHeld();
  }

  void endAll(Result result) {
    arrivals.endAll(result);
  }

  void accessLog(int fd, LogForm form) {
    accessLog.flush();
    Libc.close(accessLog.fd());
    accessLog.to(fd, form);
  }

  /** The mother has gone: what is held here goes on to its end, and then the process ends. */
  void motherLost() {
    left(epochs.newest().configuration().orphanMs());
  }

  /**
   * The same on her own word. The first of the two counts.
   *
   * @param limitMs what is left then is ended; 0 for never
   */
  void left(long limitMs) {
    if (orphanWatch == null) {
      orphanWatch = new OrphanWatch(worker, this, limitMs);
      orphanWatch.begin();
      door.open();
    }
  }

  /** The next stage has other inboxes from now on. */
  void lead(int version, int[] ids, int[] inboxes) {
    departures.lead(version, ids, inboxes);
  }

  /** This worker is not needed any more: it ends when it has nothing left to do. */
  void drain() {
    if (!stage.id().inboxEach()) {
      // Others read the same inbox on.
      inbox.close();
    }
    leaveWatch().drain();
  }

  /**
   * Others go on with what this worker holds, from the session table: it ends as soon as they can.
   */
  void move() {
    leaveWatch().move();
  }

  private LeaveWatch leaveWatch() {
    if (leaveWatch == null) {
      leaveWatch = new LeaveWatch(worker.loop(), this);
    }
    return leaveWatch;
  }

  void stop() {
    worker.loop().stop();
  }

  // What is left to do.

  /** Whether it holds a session. */
  boolean holds() {
    return held.count() > 0;
  }

  /** Whether a session waits to be passed on. */
  boolean hasToSend() {
    return departures.waiting() > 0;
  }

  /** Whether nothing that is held here would end with this process, were others to go on. */
  boolean canBeFollowed() {
    return held.count() == 0 || stage.canBeFollowed();
  }

  /** Whether anything waits in an inbox that nobody else reads. */
  boolean inboxWaiting() {
    return stage.id().inboxEach() && inbox.hasMessage();
  }
}
