package org.portbouncer.acl.acl;

import org.portbouncer.core.worker.Worker;

/** The acl worker's process. */
public final class AclWorker {

  private AclWorker() {}

  /** Started by the mother, with the control link as standard input. */
  public static void main(String[] args) {
    Worker.run(AclStage::new);
  }
}
