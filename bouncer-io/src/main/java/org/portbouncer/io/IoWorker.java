package org.portbouncer.io;

import org.portbouncer.core.worker.Worker;

/** An io worker's process. */
public final class IoWorker {

  private IoWorker() {}

  /** Started by the mother, with the control link as standard input. */
  public static void main(String[] args) {
    Worker.run(IoStage::new);
  }
}
