package org.portbouncer.launcher.mother.doors;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.concurrent.ThreadLocalRandom;
import org.portbouncer.core.sys.SockAddr;

/**
 * The new clients of one {@link DatagramDoor}, by the addresses of both ends, in the order in which
 * they came. On the thread of the mother's loop; allocates nothing.
 */
final class ClientTable {

  private static final int PLACES = 1024;

  /** So that nobody outside can choose addresses that all come to one place. */
  private final int seed = ThreadLocalRandom.current().nextInt() | 1;

  private final NewClient[] places = new NewClient[PLACES];
  private final ArrayDeque<NewClient> order = new ArrayDeque<>();

  int size() {
    return order.size();
  }

  private int hash(MemorySegment client, long at, MemorySegment local, long localAt) {
    int hash = seed;
    for (int i = 0; i < SockAddr.BYTES; i += 4) {
      hash = (hash ^ client.get(JAVA_INT_UNALIGNED, at + i)) * seed;
      hash ^= hash >>> 15;
      hash = (hash ^ local.get(JAVA_INT_UNALIGNED, localAt + i)) * seed;
      hash ^= hash >>> 13;
    }
    return hash & PLACES - 1;
  }

  NewClient find(MemorySegment client, long at, MemorySegment local, long localAt) {
    if (order.isEmpty()) {
      return null;
    }
    NewClient one = places[hash(client, at, local, localAt)];
    while (one != null && !one.is(client, at, local, localAt)) {
      one = one.next;
    }
    return one;
  }

  void add(NewClient client) {
    MemorySegment addresses = client.addresses();
    client.hash = hash(addresses, 0, addresses, SockAddr.BYTES);
    client.next = places[client.hash];
    places[client.hash] = client;
    order.add(client);
  }

  /** The one that has been here longest; null for none. */
  NewClient first() {
    return order.peek();
  }

  /** Takes that one out. */
  NewClient takeFirst() {
    NewClient first = order.poll();
    NewClient one = places[first.hash];
    if (one == first) {
      places[first.hash] = first.next;
    } else {
      while (one.next != first) {
        one = one.next;
      }
      one.next = first.next;
    }
    first.next = null;
    return first;
  }
}
