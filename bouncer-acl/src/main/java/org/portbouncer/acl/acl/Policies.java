package org.portbouncer.acl.acl;

import java.util.Arrays;

/** The ACLs of every epoch that sessions may still come from, newest last. One thread. */
final class Policies {

  private int[] epochs = new int[0];
  private AclPolicy[][] acls = new AclPolicy[0][];

  void add(int epoch, AclPolicy[] policies) {
    epochs = Arrays.copyOf(epochs, epochs.length + 1);
    acls = Arrays.copyOf(acls, acls.length + 1);
    epochs[epochs.length - 1] = epoch;
    acls[acls.length - 1] = policies;
  }

  /** Those of an epoch that was added. */
  AclPolicy[] of(int epoch) {
    for (int i = epochs.length - 1; i >= 0; i--) {
      if (epochs[i] == epoch) {
        return acls[i];
      }
    }
    throw new IllegalArgumentException("epoch " + epoch + " is not known here");
  }
}
