package org.portbouncer.launcher.mother.sight;

import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.doors.KeptSockets;
import org.portbouncer.launcher.mother.epochs.ReloadWatcher;
import org.portbouncer.launcher.systemd.Notifier;

/** Tells the service manager of reloads; in the mother, on her loop's thread. */
public final class ReloadNotice implements ReloadWatcher {

  private final InForce inForce;
  private final KeptSockets keptSockets;
  private final Notifier notifier;
  private final StatusLine line;
  private final int pid;

  public ReloadNotice(
      InForce inForce, KeptSockets keptSockets, Notifier notifier, StatusLine line, int pid) {
    this.inForce = inForce;
    this.keptSockets = keptSockets;
    this.notifier = notifier;
    this.line = line;
    this.pid = pid;
  }

  @Override
  public void reloading() {
    notifier.reloading();
  }

  /** One that a stop cut short ends nothing: the manager knows that we stop. */
  @Override
  public void reloaded() {
    if (inForce.serving()) {
      keptSockets.update(inForce.listeners());
      notifier.ready(pid, line.text());
    }
  }
}
