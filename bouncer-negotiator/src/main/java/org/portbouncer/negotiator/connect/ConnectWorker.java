package org.portbouncer.negotiator.connect;

import org.portbouncer.core.worker.Worker;

/** The connect worker's process. */
public final class ConnectWorker {

  private ConnectWorker() {}

  /** Started by the mother, with the control link as standard input. */
  public static void main(String[] args) {
    Resolver.sortAsTheSystemDoes();
    Worker.run(ConnectStage::new);
  }
}
