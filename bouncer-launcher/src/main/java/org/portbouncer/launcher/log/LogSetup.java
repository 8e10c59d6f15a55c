package org.portbouncer.launcher.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.LogSettings;
import org.slf4j.LoggerFactory;

/** The mother's log, on standard error. Commands and workers never load it. */
public final class LogSetup {

  /** The name above all loggers of the program's own classes. */
  static final String OWN = "org.portbouncer";

  /** Loggers that have a level of their own now; on one thread. */
  private static final List<Logger> NAMED = new ArrayList<>();

  private LogSetup() {}

  /** Changes what is logged from now on; called first, it lets the log begin. */
  public static void levels(LogSettings log) {
    NAMED.forEach(logger -> logger.setLevel(null));
    NAMED.clear();
    own().setLevel(level(log.level()));
    for (LogSettings.NamedLevel one : log.levels()) {
      String name = one.name();
      boolean isPackage = name.equals(OWN) || name.startsWith(OWN + ".");
      Logger logger = logger(isPackage ? name : WorkerLog.logger(name));
      logger.setLevel(level(one.level()));
      if (!name.equals(OWN)) {
        NAMED.add(logger);
      }
    }
  }

  private static Level level(String name) {
    return Level.toLevel(name, Level.INFO);
  }

  /** Whether whoever set the level wants to see where an error comes from. */
  static boolean showsStackTraces() {
    return own().isDebugEnabled();
  }

  private static Logger own() {
    return logger(OWN);
  }

  private static Logger logger(String name) {
    return ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(name);
  }
}
