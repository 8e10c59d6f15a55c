package org.portbouncer.launcher.mother.succession;

import org.portbouncer.launcher.admin.UpgradeView;

/** Who waits for an upgrade; told on the thread of the mother's loop. */
interface UpgradeWatch {

  /** How far it is. */
  void progress(String what);

  /** The other server serves, and all that could be moved was. */
  void done(UpgradeView how);

  /** Whether what {@link #done} told has been passed on; the process need not wait for it then. */
  boolean delivered();

  /** This server serves on. */
  void failed(String why);
}
