package org.portbouncer.launcher.mother.handover;

/**
 * Whatever served here before this server, as far as it still has sessions: one that this server
 * followed, or workers that a restart has left. In the mother, on her loop's thread.
 */
public final class ServerBefore {

  private final Predecessors workers;

  /** Null where this server follows none. */
  private OldServer followed;

  public ServerBefore(Predecessors workers) {
    this.workers = workers;
  }

  /** This server follows that one. */
  public void follow(OldServer server) {
    followed = server;
  }

  public boolean hasSessions() {
    return followed != null && followed.isThere() || workers.count() > 0;
  }
}
