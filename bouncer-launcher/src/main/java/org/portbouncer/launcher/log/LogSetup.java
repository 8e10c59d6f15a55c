package org.portbouncer.launcher.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import org.slf4j.LoggerFactory;

/** The mother's log, on standard error. Commands and workers never load it. */
public final class LogSetup {

  /** The name above all loggers of the program's own classes. */
  static final String OWN = "org.portbouncer";

  private LogSetup() {}

  /**
   * Lets the log begin.
   *
   * @param level error, warn, info, debug or trace
   */
  public static void init(String level) {
    level(level);
  }

  /**
   * Changes what is logged from now on.
   *
   * @param level error, warn, info, debug or trace
   */
  public static void level(String level) {
    own().setLevel(Level.toLevel(level, Level.INFO));
  }

  /** Whether whoever set the level wants to see where an error comes from. */
  static boolean showsStackTraces() {
    return own().isDebugEnabled();
  }

  private static Logger own() {
    return ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(OWN);
  }
}
