package org.portbouncer.io;

import org.portbouncer.core.worker.Role;
import org.portbouncer.core.worker.Stage;
import org.portbouncer.core.worker.Worker;
import org.portbouncer.core.worker.WorkerMain;

/** An io worker's process. */
public final class IoWorker implements Role {

  /** Started by the mother, with the control link as standard input. */
  public static void main(String[] args) {
    WorkerMain.run(new IoWorker());
  }

  @Override
  public Stage stage(Worker worker) {
    return new IoStage(worker);
  }
}
