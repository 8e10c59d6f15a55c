package org.portbouncer.negotiator.negotiate;

import org.portbouncer.core.worker.Role;
import org.portbouncer.core.worker.Stage;
import org.portbouncer.core.worker.Worker;
import org.portbouncer.core.worker.WorkerMain;

/** The negotiate worker's process. */
public final class NegotiateWorker implements Role {

  /** Started by the mother, with the control link as standard input. */
  public static void main(String[] args) {
    WorkerMain.run(new NegotiateWorker());
  }

  @Override
  public Stage stage(Worker worker) {
    return new NegotiateStage(worker);
  }
}
