package org.portbouncer.core.config;

/** Ports from {@code first} to {@code last}, both included. */
public record PortRange(int first, int last) {

  /** Whether {@code port} lies in the range. */
  public boolean contains(int port) {
    return port >= first && port <= last;
  }
}
