package org.portbouncer.launcher.state;

/** How the server is, in one word; the words are public. */
public enum ServerState {
  /** It has not served yet. */
  STARTING("starting"),
  /** Every listener accepts, every stage has a worker that serves, nothing is lost. */
  READY("ready"),
  /** It serves, but not all of it as it should. */
  DEGRADED("degraded"),
  /** No session can be set up. */
  DOWN("down"),
  /** It is on its way out. */
  STOPPING("stopping");

  private final String text;

  ServerState(String text) {
    this.text = text;
  }

  public String text() {
    return text;
  }
}
