package org.portbouncer.launcher.admin;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Who is connected to the admin socket, and who has to leave where there are too many: nobody who
 * sits there keeps others out. Root and the server's own user always find a place; of the others
 * each user has a share. In the mother; any thread.
 */
final class AdminPlaces {

  /** Places that only root and the server's user may take. */
  private static final int RESERVED_PART = 4;

  private final int most;
  private final Predicate<Peer> owner;
  private final Map<AdminConnection, Peer> taken = new HashMap<>();

  /**
   * @param most places in all
   * @param owner whether a peer is root or the server's user
   */
  AdminPlaces(int most, Predicate<Peer> owner) {
    this.most = most;
    this.owner = owner;
  }

  /**
   * Gives a place, if need be that of the one who has been silent for longest; of one who is being
   * answered only to root and the server's user.
   *
   * @return false where there is none
   */
  synchronized boolean take(AdminConnection connection, Peer peer) {
    boolean owns = owner.test(peer);
    if (!owns) {
      List<AdminConnection> others = others();
      if (others.size() >= most - most / RESERVED_PART) {
        int largest = largestShare(others);
        boolean fair = share(others, peer.uid()) < share(others, largest) || peer.uid() == largest;
        List<AdminConnection> theirs =
            others.stream().filter(c -> taken.get(c).uid() == largest && c.idle()).toList();
        if (!fair || !evict(theirs)) {
          return false;
        }
      }
    }
    if (taken.size() >= most) {
      List<AdminConnection> idle = taken.keySet().stream().filter(AdminConnection::idle).toList();
      if (!owns || !(evict(idle) || evict(others()) || evict(List.copyOf(taken.keySet())))) {
        return false;
      }
    }
    taken.put(connection, peer);
    return true;
  }

  private List<AdminConnection> others() {
    List<AdminConnection> others = new ArrayList<>();
    taken.forEach(
        (connection, peer) -> {
          if (!owner.test(peer)) {
            others.add(connection);
          }
        });
    return others;
  }

  /** The user who has the most places. */
  private int largestShare(List<AdminConnection> others) {
    return others.stream()
        .map(c -> taken.get(c).uid())
        .max(Comparator.comparingLong(uid -> share(others, uid)))
        .orElse(-1);
  }

  private long share(List<AdminConnection> others, int uid) {
    return others.stream().filter(c -> taken.get(c).uid() == uid).count();
  }

  /** Turns away the one of these who has said nothing for longest. */
  private boolean evict(List<AdminConnection> candidates) {
    AdminConnection longest = null;
    for (AdminConnection one : candidates) {
      if (longest == null || one.heardAt() - longest.heardAt() < 0) {
        longest = one;
      }
    }
    if (longest == null) {
      return false;
    }
    taken.remove(longest);
    longest.turnAway();
    return true;
  }

  synchronized void leave(AdminConnection connection) {
    taken.remove(connection);
  }

  synchronized List<AdminConnection> all() {
    return List.copyOf(taken.keySet());
  }
}
