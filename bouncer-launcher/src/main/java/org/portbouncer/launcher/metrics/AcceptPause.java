package org.portbouncer.launcher.metrics;

import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the JDK's HTTP server back when it cannot accept, for want of descriptors: by itself it
 * tries again at once, for as long as a client waits. Nothing but its log tells of that, at its
 * finest level; whoever takes the record is on the thread that accepts, and keeps it for a moment.
 * In the mother.
 */
final class AcceptPause extends Handler {

  private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(AcceptPause.class);

  /** Kept here, because the JDK itself forgets loggers that nobody holds. */
  private static final Logger SERVER = Logger.getLogger("com.sun.net.httpserver");

  /** What it says when accepting, or something else of the kind, has failed. */
  private static final String FAILED = "Dispatcher (4)";

  private static final long PAUSE_MS = 100;
  private static final long SAY_NANOS = TimeUnit.SECONDS.toNanos(10);

  private boolean said;
  private long saidAt;

  private AcceptPause() {}

  /** Takes over what the JDK's server logs. */
  static synchronized void install() {
    for (Handler handler : SERVER.getHandlers()) {
      if (handler instanceof AcceptPause) {
        return;
      }
    }
    SERVER.setUseParentHandlers(false);
    SERVER.setLevel(Level.ALL);
    SERVER.addHandler(new AcceptPause());
  }

  @Override
  public void publish(LogRecord entry) {
    if (FAILED.equals(entry.getMessage()) && entry.getThrown() != null) {
      say("metrics: cannot accept: " + entry.getThrown().getMessage());
      pause();
    }
  }

  private synchronized void say(String text) {
    long now = System.nanoTime();
    if (!said || now - saidAt > SAY_NANOS) {
      said = true;
      saidAt = now;
      LOG.warn("{}", text);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void flush() {
    // Nothing is kept.
  }

  @Override
  public void close() {
    // Nothing is open.
  }
}
