package org.portbouncer.launcher.importer;

/**
 * One of several places where sessions may go.
 *
 * @param origin the line that names it
 * @param name as the source calls it; null where it has none
 * @param address as in bouncer.conf, but for what says that it takes datagrams
 * @param weight its share, from 1
 * @param maxSessions 0 for no limit
 * @param backup whether it is for when no other is up
 * @param send which PROXY header it gets, v1 or v2; null for what its listener says
 */
record Member(
    Origin origin,
    String name,
    String address,
    int weight,
    int maxSessions,
    boolean backup,
    String send) {

  /** One like all others. */
  static Member plain(Origin origin, String address) {
    return new Member(origin, null, address, 1, 0, false, null);
  }

  /**
   * As a block of bouncer.conf.
   *
   * @param written its address there
   */
  String text(String written) {
    StringBuilder text = new StringBuilder("{ ");
    if (name != null) {
      text.append("name = ").append(Hocon.text(name)).append(", ");
    }
    text.append("address = ").append(Hocon.text(written));
    if (weight != 1) {
      text.append(", weight = ").append(weight);
    }
    if (maxSessions > 0) {
      text.append(", max-sessions = ").append(maxSessions);
    }
    if (backup) {
      text.append(", backup = true");
    }
    if (send != null) {
      text.append(", send-proxy = ").append(send);
    }
    return text.append(" }").toString();
  }
}
