package org.portbouncer.acl.acl;

import org.portbouncer.core.worker.Role;
import org.portbouncer.core.worker.Stage;
import org.portbouncer.core.worker.Worker;
import org.portbouncer.core.worker.WorkerMain;

/** The acl worker's process. */
public final class AclWorker implements Role {

  /** Started by the mother, with the control link as standard input. */
  public static void main(String[] args) {
    WorkerMain.run(new AclWorker());
  }

  @Override
  public Stage stage(Worker worker) {
    return new AclStage(worker);
  }
}
