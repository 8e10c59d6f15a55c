package org.portbouncer.core.config;

/**
 * When a listener's connections are asked whether their peer still lives. What is 0 is left to the
 * system (net.ipv4.tcp_keepalive_*).
 *
 * @param idleS seconds without a byte before the first question
 * @param intervalS seconds between questions
 * @param count questions without an answer after which the connection is given up
 */
public record KeepAlive(int idleS, int intervalS, int count) {

  /** What the kernel takes of each. */
  public static final int MOST_SECONDS = 32_767;

  public static final int MOST_COUNT = 127;
}
