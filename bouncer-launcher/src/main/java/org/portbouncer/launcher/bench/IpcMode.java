package org.portbouncer.launcher.bench;

/** The ways of asking and being answered that `bench ipc` compares. */
public enum IpcMode {
  /** A datagram each way over a Unix socket pair; both sides block in the kernel. */
  UNIX_DATAGRAM("unix-datagram"),
  /** A ring for each peer in shared memory; both sides poll. */
  RING_PER_PEER("ring-per-peer"),
  /** One ring that all peers share; a place is claimed by an atomic add. */
  SHARED_RING("shared-ring"),
  /** Two threads of one process hand over through a lock and a condition. */
  THREADS("threads");

  private final String text;

  IpcMode(String text) {
    this.text = text;
  }

  /** The name in tables and JSON. */
  public String text() {
    return text;
  }
}
