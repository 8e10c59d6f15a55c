package org.portbouncer.core.shared;

/**
 * Why a datagram was not passed on: the label {@code reason} of {@code
 * bouncer_datagrams_dropped_total}. In every process.
 */
public enum DatagramDrop {
  /** More than its bandwidth class lets through. */
  BANDWIDTH("bandwidth"),
  /** More than are kept while a session is set up. */
  SETUP("setup"),
  /** The kernel had no room for it: it came faster than it was read. */
  FULL("full"),
  /** Longer than the way on takes. */
  TOO_LONG("too-long"),
  /** No way on took it: the network of this machine refused. */
  REFUSED("refused"),
  /** A new client's, for which there was no socket, or no record. */
  NO_ROOM("no-room"),
  /** Of a session that ended with its process, or before it was set up. */
  ENDED("ended");

  private static final DatagramDrop[] ALL = values();

  private final String text;

  DatagramDrop(String text) {
    this.text = text;
  }

  /** The label. */
  public String text() {
    return text;
  }

  public static int count() {
    return ALL.length;
  }

  public static DatagramDrop of(int ordinal) {
    return ALL[ordinal];
  }
}
