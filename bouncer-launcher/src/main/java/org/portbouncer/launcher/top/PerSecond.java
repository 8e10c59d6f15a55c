package org.portbouncer.launcher.top;

/**
 * What moves in a second.
 *
 * @param sessions new ones
 * @param up bytes to targets
 * @param down bytes to clients
 */
record PerSecond(double sessions, double up, double down) {
  static final PerSecond NONE = new PerSecond(0, 0, 0);

  double bytes() {
    return up + down;
  }

  PerSecond plus(PerSecond other) {
    return new PerSecond(sessions + other.sessions, up + other.up, down + other.down);
  }
}
