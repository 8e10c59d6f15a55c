package org.portbouncer.core.config;

/**
 * How sockets are made, as a listener, a group or a member says it. What is not set at one is that
 * of the next: member, group, listener.
 *
 * @param source the address that connections to targets come from, {@link #CLIENT} for each
 *     client's own, or "" where it is not set
 * @param device the interface that they go through; "" where it is not set
 * @param mark of their packets, for the firewall and for routing, 0 to 4,294,967,295; {@link
 *     #UNSET}
 * @param dscp of packets, 0 to 63; {@link #UNSET}
 * @param userTimeoutMs as of {@link KeepAlive}; of a listener it is there; {@link #UNSET}
 * @param mptcp 1 for Multipath TCP, 0 for TCP; {@link #UNSET}
 * @param nodelay 1 to send at once (TCP_NODELAY), 0 to wait for more; {@link #UNSET}
 */
public record SocketSettings(
    String source, String device, long mark, int dscp, int userTimeoutMs, int mptcp, int nodelay) {

  /** What no setting has for a value. */
  public static final int UNSET = -1;

  /** The greatest mark. */
  public static final long MOST_MARK = 0xffff_ffffL;

  /** The greatest class of packets. */
  public static final int MOST_DSCP = 63;

  /** The source that is each client's own address. */
  public static final String CLIENT = "client";

  /** Nothing is set. */
  public static final SocketSettings NONE =
      new SocketSettings("", "", UNSET, UNSET, UNSET, UNSET, UNSET);

  /** The same, with what is not set here taken from {@code below}. */
  public SocketSettings over(SocketSettings below) {
    if (below.isNone() || isNone()) {
      return isNone() ? below : this;
    }
    return new SocketSettings(
        source.isEmpty() ? below.source : source,
        device.isEmpty() ? below.device : device,
        mark == UNSET ? below.mark : mark,
        dscp == UNSET ? below.dscp : dscp,
        userTimeoutMs == UNSET ? below.userTimeoutMs : userTimeoutMs,
        mptcp == UNSET ? below.mptcp : mptcp,
        nodelay == UNSET ? below.nodelay : nodelay);
  }

  /** The same with another source. */
  public SocketSettings withSource(String other) {
    return new SocketSettings(other, device, mark, dscp, userTimeoutMs, mptcp, nodelay);
  }

  /** Every session asks; to compare records links some ten method handles at the first. */
  public boolean isNone() {
    return source.isEmpty()
        && device.isEmpty()
        && mark == UNSET
        && dscp == UNSET
        && userTimeoutMs == UNSET
        && mptcp == UNSET
        && nodelay == UNSET;
  }

  public boolean isMptcp() {
    return mptcp == 1;
  }

  /** Whether small pieces wait for more to be sent with them. */
  public boolean delays() {
    return nodelay == 0;
  }

  static SocketSettings pass(ConfigWire wire, SocketSettings it) throws ConfigCodecException {
    if (!wire.flag(!it.isNone())) {
      return NONE;
    }
    String source = wire.text(it.source);
    if (wire.reads()
        && !source.isEmpty()
        && !source.equals(CLIENT)
        && IpAddress.parse(source) == null) {
      throw new ConfigCodecException("a source that is no address");
    }
    String device = wire.text(it.device);
    long mark = wire.longInteger(it.mark, UNSET);
    if (mark > MOST_MARK) {
      throw new ConfigCodecException("a mark that is none");
    }
    return new SocketSettings(
        source,
        device,
        mark,
        wire.integer(it.dscp, UNSET, MOST_DSCP),
        wire.integer(it.userTimeoutMs, UNSET, KeepAlive.MOST_SECONDS * 1000),
        wire.integer(it.mptcp, UNSET, 1),
        wire.integer(it.nodelay, UNSET, 1));
  }
}
