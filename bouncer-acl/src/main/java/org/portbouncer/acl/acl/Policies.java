package org.portbouncer.acl.acl;

import java.util.ArrayList;
import java.util.List;

/** The ACLs of every epoch that sessions may still come from, newest last. One thread. */
final class Policies {

  private record Known(int epoch, AclPolicy[] acls) {}

  private final List<Known> known = new ArrayList<>();

  void add(int epoch, AclPolicy[] acls) {
    known.add(new Known(epoch, acls));
  }

  /** Those of an epoch that was added. */
  AclPolicy[] of(int epoch) {
    for (int i = known.size() - 1; i >= 0; i--) {
      if (known.get(i).epoch == epoch) {
        return known.get(i).acls;
      }
    }
    throw new IllegalArgumentException("epoch " + epoch + " is not known here");
  }

  /** Forgets those of one epoch. */
  void remove(int epoch) {
    known.removeIf(one -> one.epoch == epoch);
  }

  /** Forgets those before an epoch. */
  void retire(int oldest) {
    known.removeIf(one -> one.epoch < oldest);
  }
}
