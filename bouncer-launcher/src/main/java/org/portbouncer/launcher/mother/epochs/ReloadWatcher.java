package org.portbouncer.launcher.mother.epochs;

/** Told when the server begins to reload and when it is done; on the loop's thread. */
public interface ReloadWatcher {

  /** A reload begins: the configuration is read. */
  void reloading();

  /** It is over; whether anything changed or not, the server serves. */
  void reloaded();
}
