package org.portbouncer.launcher.mother.doors;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.portbouncer.core.sys.DatagramBatch;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;

/** What all doors for datagrams share, one after the other; on the thread of the mother's loop. */
final class DatagramRoom {

  private static final int BATCH = 64;
  private static final int KEPT = 1024;

  private DatagramBatch arrived;
  private final MemorySegment local = Native.allocate(SockAddr.BYTES);
  private final ArrayDeque<NewClient> free = new ArrayDeque<>();

  /** Clients of all doors whose sessions have not set out. */
  private int clients;

  /** Where datagrams of new clients are read to; made for the first. */
  DatagramBatch arrived() {
    if (arrived == null) {
      arrived = new DatagramBatch(BATCH, true);
    }
    return arrived;
  }

  /** For the address that one came to. */
  MemorySegment local() {
    return local;
  }

  int clients() {
    return clients;
  }

  NewClient obtain() {
    clients++;
    return free.isEmpty() ? new NewClient() : free.pop();
  }

  void release(NewClient client) {
    clients--;
    client.clear();
    if (free.size() < KEPT) {
      free.push(client);
    }
  }
}
