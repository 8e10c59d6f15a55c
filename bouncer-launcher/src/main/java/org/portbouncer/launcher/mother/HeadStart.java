package org.portbouncer.launcher.mother;

import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;

/**
 * What the mother needs of the VM and takes long to make, made on a thread of its own while the
 * command line and the configuration are read: a start is shorter by that where there is more than
 * one core. Without it all is made when it is needed.
 */
public final class HeadStart {

  private HeadStart() {}

  /** Begins. */
  public static void begin() {
    Thread.ofPlatform().daemon().name("head-start").start(HeadStart::run);
  }

  private static void run() {
    // The first call links the C functions.
    Libc.fcntl(0, Const.F_GETFD, 0);
    Signals.prepare();
  }
}
