package org.portbouncer.acl.bandwidth;

import org.portbouncer.core.worker.Role;
import org.portbouncer.core.worker.Stage;
import org.portbouncer.core.worker.Worker;
import org.portbouncer.core.worker.WorkerMain;

/** The bandwidth worker's process. */
public final class BandwidthWorker implements Role {

  /** Started by the mother, with the control link as standard input. */
  public static void main(String[] args) {
    WorkerMain.run(new BandwidthWorker());
  }

  @Override
  public Stage stage(Worker worker) {
    return new BandwidthStage(worker);
  }
}
