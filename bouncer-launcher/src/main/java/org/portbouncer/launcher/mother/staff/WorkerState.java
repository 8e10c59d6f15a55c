package org.portbouncer.launcher.mother.staff;

/** How a worker is, as `status` shows it. */
public enum WorkerState {
  STARTING("starting"),
  READY("ready"),
  DRAINING("draining"),
  THROTTLED("throttled");

  private final String text;

  WorkerState(String text) {
    this.text = text;
  }

  public String text() {
    return text;
  }
}
