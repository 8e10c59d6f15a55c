package org.portbouncer.launcher.figures;

/** What there was none of when accepting paused. */
public enum PauseReason {
  /** Descriptors, of the mother or of the system. */
  DESCRIPTORS("descriptors"),
  /** Records in the session table. */
  RECORDS("records"),
  /** Room in the first stage's inbox. */
  QUEUE("queue");

  private final String text;

  PauseReason(String text) {
    this.text = text;
  }

  /** The label {@code reason} of {@code bouncer_accept_pauses_total}. */
  public String text() {
    return text;
  }
}
