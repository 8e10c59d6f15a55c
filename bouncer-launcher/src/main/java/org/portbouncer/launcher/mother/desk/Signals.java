package org.portbouncer.launcher.mother.desk;

import jnr.constants.platform.Signal;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;
import org.portbouncer.core.sys.BlockedSignals;
import org.portbouncer.launcher.mother.ending.Shutdown;
import org.portbouncer.launcher.mother.epochs.Reloader;
import org.portbouncer.launcher.mother.ground.Ground;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signals to the mother: TERM drains, a second one or INT ends at once, HUP reloads; what each asks
 * for is done on her loop's thread. They are taken whatever whoever started her had them ignored
 * for (nohup, a script's background job). QUIT stays the VM's.
 *
 * <p>They come through a signalfd, read by one thread that is there from the start. Where
 * bin/bouncer could not have them blocked (`env` of coreutils 8.31 does), the VM's own way is left,
 * which makes a thread for each.
 */
public final class Signals {

  private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

  private static final int HUP = 1;
  private static final int INT = 2;
  private static final int TERM = 15;

  /** What the exit code of a process that a signal has ended is above. */
  private static final int SIGNALED = 128;

  /** Who does what they ask for. */
  private record Served(Ground ground, Shutdown shutdown, Reloader reloader) {}

  /** Null where they come through the VM. */
  private final BlockedSignals blocked;

  /** Null until she serves. */
  private Served served;

  /** One that asks for nothing but patience, until she serves. */
  private boolean reload;

  private Signals(BlockedSignals blocked) {
    this.blocked = blocked;
  }

  /** Takes them from now on: until {@link #serve} INT and TERM end the process, as everywhere. */
  public static Signals begin() {
    Signals signals = new Signals(BlockedSignals.open(HUP, INT, TERM));
    if (signals.blocked != null) {
      Thread.ofPlatform().daemon().name("signals").start(signals::takeAll);
    } else {
      LOG.debug("signals come through the VM, which needs a thread for each");
      for (int signal : new int[] {HUP, INT, TERM}) {
        BlockedSignals.takeBack(signal);
      }
    }
    return signals;
  }

  /** Has her do what they ask for; call it before her loop runs. */
  public synchronized void serve(Ground ground, Shutdown shutdown, Reloader reloader) {
    served = new Served(ground, shutdown, reloader);
    if (reload) {
      ground.post(reloader::signal);
    }
    if (blocked == null) {
      // The native form would run Java inside a signal handler; this one uses the VM's dispatcher.
      POSIX posix = POSIXFactory.getJavaPOSIX();
      posix.signal(Signal.SIGTERM, number -> came(TERM));
      posix.signal(Signal.SIGHUP, number -> came(HUP));
      posix.signal(Signal.SIGINT, number -> came(INT));
    }
  }

  private void takeAll() {
    while (true) {
      came(blocked.next());
    }
  }

  private synchronized void came(int signal) {
    if (served == null) {
      if (signal == HUP) {
        reload = true;
      } else {
        Runtime.getRuntime().halt(SIGNALED + signal);
      }
      return;
    }
    switch (signal) {
      case TERM -> served.ground.post(served.shutdown::signal);
      case HUP -> served.ground.post(served.reloader::signal);
      default -> served.ground.post(() -> served.shutdown.begin(true));
    }
  }
}
