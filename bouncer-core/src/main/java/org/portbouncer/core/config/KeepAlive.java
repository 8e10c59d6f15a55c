package org.portbouncer.core.config;

/**
 * When a listener's connections are asked whether their peer still lives, and when one that does
 * not answer is given up. What is 0 is left to the system (net.ipv4.tcp_keepalive_*).
 *
 * @param idleS seconds without a byte before the first question
 * @param intervalS seconds between questions
 * @param count questions without an answer after which the connection is given up
 * @param userTimeoutMs how long bytes that were sent may go without any answer; 0 for as long as
 *     the system tries (net.ipv4.tcp_retries2), {@link #FOLLOWS} for as long as the questions go
 */
public record KeepAlive(int idleS, int intervalS, int count, int userTimeoutMs) {

  /** What the kernel takes of each. */
  public static final int MOST_SECONDS = 32_767;

  public static final int MOST_COUNT = 127;

  public static final int FOLLOWS = -1;

  /** All is the system's. */
  public static final KeepAlive SYSTEMS = new KeepAlive(0, 0, 0, 0);

  /** Whether nothing is set: all is the system's. */
  public boolean isSystems() {
    return idleS == 0 && intervalS == 0 && count == 0 && userTimeoutMs <= 0;
  }

  static KeepAlive pass(ConfigWire wire, KeepAlive it) throws ConfigCodecException {
    return new KeepAlive(
        wire.integer(it.idleS, 0, MOST_SECONDS),
        wire.integer(it.intervalS, 0, MOST_SECONDS),
        wire.integer(it.count, 0, MOST_COUNT),
        wire.integer(it.userTimeoutMs, FOLLOWS, MOST_SECONDS * 1000));
  }
}
