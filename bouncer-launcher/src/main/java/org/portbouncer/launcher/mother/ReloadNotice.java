package org.portbouncer.launcher.mother;

/** Tells the service manager of reloads; in the mother, on her loop's thread. */
final class ReloadNotice implements ReloadWatcher {

  private final Mother mother;

  ReloadNotice(Mother mother) {
    this.mother = mother;
  }

  @Override
  public void reloading() {
    mother.notifier().reloading();
  }

  /** One that a stop cut short ends nothing: the manager knows that we stop. */
  @Override
  public void reloaded() {
    if (mother.serving()) {
      mother.keptSockets().update(mother.listeners());
      mother.notifier().ready(mother.pid(), Pulse.status(mother));
    }
  }
}
