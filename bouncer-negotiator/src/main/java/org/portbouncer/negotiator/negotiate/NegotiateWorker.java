package org.portbouncer.negotiator.negotiate;

import org.portbouncer.core.worker.Worker;

/** The negotiate worker's process. */
public final class NegotiateWorker {

  private NegotiateWorker() {}

  /** Started by the mother, with the control link as standard input. */
  public static void main(String[] args) {
    Worker.run(NegotiateStage::new);
  }
}
