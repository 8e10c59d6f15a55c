package org.portbouncer.acl.bandwidth;

import org.portbouncer.core.worker.Worker;

/** The bandwidth worker's process. */
public final class BandwidthWorker {

  private BandwidthWorker() {}

  /** Started by the mother, with the control link as standard input. */
  public static void main(String[] args) {
    Worker.run(BandwidthStage::new);
  }
}
