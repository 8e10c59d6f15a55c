package org.portbouncer.launcher.mother.sight;

import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.staff.Supervisor;
import org.portbouncer.launcher.mother.staff.WorkerProcess;

/** The one line of `systemctl status` about the server; in the mother, on her loop's thread. */
public final class StatusLine {

  private final Ground ground;
  private final StateWatch stateWatch;
  private final Supervisor supervisor;

  public StatusLine(Ground ground, StateWatch stateWatch, Supervisor supervisor) {
    this.ground = ground;
    this.stateWatch = stateWatch;
    this.supervisor = supervisor;
  }

  public String text() {
    int away = 0;
    for (WorkerProcess worker : supervisor.workers()) {
      away += worker.leaving() || worker.serves() ? 0 : 1;
    }
    return "%s; sessions: %d; %d workers%s"
        .formatted(
            stateWatch.now().text(),
            ground.active(),
            supervisor.workers().size(),
            away == 0 ? "" : ", " + away + " being replaced");
  }
}
