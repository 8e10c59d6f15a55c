package org.portbouncer.launcher.mother;

import org.portbouncer.core.session.StageId;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.handover.Inheritance;
import org.portbouncer.launcher.mother.handover.OldServer;
import org.portbouncer.launcher.mother.upkeep.LeftBehind;

/**
 * How this server takes over from the one that it follows: goes on in its books, accepts when that
 * one has stopped to, and puts in order what it leaves. On the main thread.
 */
final class Turnover implements OldServer.Orders {

  private final Parts parts;
  private final Inheritance inheritance;
  private final Serving serving;
  private final OldServer oldServer;

  /** Why it ended before it served; null where it did not. */
  private String failed;

  Turnover(Parts parts, Inheritance inheritance, Serving serving) {
    this.parts = parts;
    this.inheritance = inheritance;
    this.serving = serving;
    this.oldServer = new OldServer(parts.ground, inheritance);
  }

  /** Goes on in the books of the mother before this one. */
  void inherit() {
    if (!inheritance.takesSessions()) {
      return;
    }
    int last = inheritance.lastEpoch();
    parts.epochs.inherit(inheritance);
    parts.supervisor.inherit(inheritance.books());
    parts.supervisor.hopSearch().ours(number -> number > last);
    parts.published.inherit(inheritance.epochs());
    parts.keeper.pin(last);
  }

  /** Begins to listen to the other. */
  void begin() {
    oldServer.begin(this);
    parts.before.follow(oldServer);
    parts.shutdown.beside(oldServer::end);
  }

  /** Every worker is there: the other may stop accepting. */
  void ready() {
    oldServer.ready();
  }

  /** Why the server before this one ended before this one served; null where it did not. */
  String failed() {
    return failed;
  }

  @Override
  public void go(long lastId) {
    parts.ground.records().cover();
    if (parts.ground.states().slots() != null) {
      parts.ground.states().slots().cover();
    }
    parts.acceptor.countFrom(lastId);
    try {
      parts.fronts.admin().replace();
    } catch (StartException e) {
      lost(e.getMessage());
      return;
    }
    parts.cluster.goOn();
    serving.accept();
    oldServer.serving(parts.inboxes.writing(StageId.LAST));
  }

  @Override
  public void named() {
    parts.keptSockets.release(parts.inForce.listeners());
    serving.announce();
    parts.fronts.metrics().follow();
  }

  @Override
  public void lost(String why) {
    failed = why;
    parts.ground.loop().stop();
  }

  @Override
  public void ended() {
    if (inheritance.takesSessions()) {
      parts.keeper.unpin();
      parts.supervisor.hopSearch().ours(_ -> true);
      new LeftBehind(
              parts.ground,
              parts.supervisor.staff(),
              inheritance.lastEpoch(),
              inheritance.books().workers())
          .start();
    }
  }
}
