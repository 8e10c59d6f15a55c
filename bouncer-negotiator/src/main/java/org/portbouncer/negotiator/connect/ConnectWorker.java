package org.portbouncer.negotiator.connect;

import org.portbouncer.core.worker.Role;
import org.portbouncer.core.worker.Stage;
import org.portbouncer.core.worker.Worker;
import org.portbouncer.core.worker.WorkerMain;

/** The connect worker's process. */
public final class ConnectWorker implements Role {

  /** Started by the mother, with the control link as standard input. */
  public static void main(String[] args) {
    WorkerMain.run(new ConnectWorker());
  }

  @Override
  public void begin() {
    Resolver.sortAsTheSystemDoes();
  }

  @Override
  public Stage stage(Worker worker) {
    return new ConnectStage(worker);
  }
}
