package org.portbouncer.launcher.mother.doors;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.portbouncer.core.session.Datagrams;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.sys.SockAddr;

/**
 * A client of a {@link DatagramDoor} that has its own socket, and whose session does not set out
 * before all is read that had come before. Pooled; on the thread of the mother's loop.
 */
final class NewClient {

  /** Memory above this is not kept with the pooled object. */
  private static final int SMALL = 4096;

  /** What a state's section may have, so that it travels with the other sections there may be. */
  private static final int MOST_BYTES = Sections.MOST / 2;

  /** The client's address, then the one it came to. */
  private final MemorySegment addresses = Arena.ofAuto().allocate(2L * SockAddr.BYTES, 8);

  private final MemorySegment small = Arena.ofAuto().allocate(SMALL, 8);
  private MemorySegment said = small;
  private Arena large;
  private int length;
  private int count;

  int fd;
  int dropped;

  /** Hash of the addresses, and the next client with the same place in the table. */
  int hash;

  NewClient next;

  private DatagramSource source;
  private long since;
  private long round;

  void begin(MemorySegment client, long clientAt, MemorySegment local, long localAt) {
    MemorySegment.copy(client, clientAt, addresses, 0, SockAddr.BYTES);
    MemorySegment.copy(local, localAt, addresses, SockAddr.BYTES, SockAddr.BYTES);
  }

  MemorySegment addresses() {
    return addresses;
  }

  boolean is(MemorySegment client, long clientAt, MemorySegment local, long localAt) {
    return MemorySegment.mismatch(
                addresses, 0, SockAddr.BYTES, client, clientAt, clientAt + SockAddr.BYTES)
            < 0
        && MemorySegment.mismatch(
                addresses,
                SockAddr.BYTES,
                2L * SockAddr.BYTES,
                local,
                localAt,
                localAt + SockAddr.BYTES)
            < 0;
  }

  /**
   * Notes when it got its own socket.
   *
   * @param round of reading in which it came
   */
  void since(DatagramSource source, long round) {
    this.source = source;
    this.since = source.read();
    this.round = round;
  }

  /** Whether all is read that had come before it had its own socket. */
  boolean isComplete(long now) {
    return now - round >= 2 || source.hasPassed(since);
  }

  /** Keeps one datagram more, or counts it where there are too many. */
  void add(MemorySegment from, long at, int bytes) {
    int whole = Datagrams.HEAD + bytes;
    if (count == Datagrams.MOST || length + whole > MOST_BYTES) {
      dropped++;
      return;
    }
    makeRoom(length + whole);
    Datagrams.put(said, length, from, at, bytes);
    length += whole;
    count++;
  }

  private void makeRoom(int bytes) {
    if (bytes <= said.byteSize()) {
      return;
    }
    Arena arena = Arena.ofConfined();
    MemorySegment larger = arena.allocate(Math.max(bytes, 2 * said.byteSize()), 8);
    MemorySegment.copy(said, 0, larger, 0, length);
    if (large != null) {
      large.close();
    }
    large = arena;
    said = larger;
  }

  /** What it has said, as {@link Datagrams} says. */
  MemorySegment said() {
    return said;
  }

  int length() {
    return length;
  }

  int count() {
    return count;
  }

  void clear() {
    if (large != null) {
      large.close();
      large = null;
    }
    said = small;
    length = 0;
    count = 0;
    dropped = 0;
    fd = -1;
    next = null;
    source = null;
  }
}
