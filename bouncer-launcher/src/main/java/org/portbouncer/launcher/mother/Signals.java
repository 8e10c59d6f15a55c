package org.portbouncer.launcher.mother;

import jnr.constants.platform.Signal;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;

/** Signals to the mother: TERM drains, a second one or INT ends at once, HUP reloads. */
final class Signals {

  private Signals() {}

  /** Takes the signals over; what they ask for is done on the loop's thread. */
  static void install(Mother mother) {
    // The native form would run Java inside a signal handler; this one uses the JVM's own
    // dispatcher.
    POSIX posix = POSIXFactory.getJavaPOSIX();
    posix.signal(Signal.SIGTERM, number -> mother.post(mother::stopSignal));
    posix.signal(Signal.SIGHUP, number -> mother.post(mother::reloadSignal));
    posix.signal(Signal.SIGINT, number -> mother.post(() -> mother.stop(true)));
  }
}
