package org.portbouncer.launcher.top;

/**
 * What moves in a second.
 *
 * @param sessions new ones
 * @param up bytes to targets
 * @param down bytes to clients
 */
record Flow(double sessions, double up, double down) {
  static final Flow NONE = new Flow(0, 0, 0);

  double bytes() {
    return up + down;
  }

  Flow plus(Flow other) {
    return new Flow(sessions + other.sessions, up + other.up, down + other.down);
  }
}
