package org.portbouncer.launcher.mother.staff;

import java.util.List;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.worker.ServerLog;
import org.portbouncer.launcher.mother.doors.InForce;

/** What is said to all workers alike. In the mother, on her loop's thread. */
public final class AllWorkers {

  private final Staff staff;
  private final InForce inForce;

  AllWorkers(Staff staff, InForce inForce) {
    this.staff = staff;
    this.inForce = inForce;
  }

  /**
   * Publishes a newer configuration to all; {@link Staff#ignorant} says who does not have it yet.
   */
  public void publish(PublishedEpoch newer) {
    for (StageId stage : StageId.values()) {
      try (EpochFile file = new EpochFile(List.of(newer), stage)) {
        staff.all().stream()
            .filter(worker -> worker.stage() == stage)
            .forEach(worker -> worker.link().configure(file));
      }
    }
  }

  /** Has a worker say what the configuration in force wants to hear. */
  void level(WorkerProcess worker) {
    worker
        .link()
        .level(ServerLog.Level.named(inForce.configuration().log().levelOf(worker.stage().text())));
  }

  /** Has workers say what the configuration in force wants to hear. */
  public void levelsChanged() {
    for (WorkerProcess worker : staff.all()) {
      level(worker);
    }
  }

  /** Takes back a configuration that was published and will not come into force. */
  public void withdraw(int epoch) {
    for (WorkerProcess worker : staff.all()) {
      worker.link().withdraw(epoch);
    }
  }

  /** Has sessions that wait for their bandwidth class look at it again. */
  public void classesChanged() {
    for (WorkerProcess worker : staff.all()) {
      if (worker.stage().forwards()) {
        worker.link().classesChanged();
      }
    }
  }

  /** Has every worker end what is marked as unwanted. */
  public void endUnwanted() {
    for (WorkerProcess worker : staff.all()) {
      worker.link().endUnwanted();
    }
  }

  /** Tells the workers which configurations they may forget. */
  public void retire(int oldest, int[] inUse) {
    for (WorkerProcess worker : staff.all()) {
      worker.link().retire(oldest, inUse);
    }
  }

  /** Has every worker write its access log lines there from now on. */
  public void accessLog(int fd, LogForm form) {
    for (WorkerProcess worker : staff.all()) {
      worker.link().accessLog(fd, form);
    }
  }

  /** Has every worker end every session it holds or gets. */
  public void endAll(Result result) {
    for (WorkerProcess worker : staff.all()) {
      worker.link().endAll(result);
    }
  }
}
