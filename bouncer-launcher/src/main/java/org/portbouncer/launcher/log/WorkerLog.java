package org.portbouncer.launcher.log;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Writes into the mother's log what one worker process says, under the worker's name: {@code
 * io/0[1234]}. The mother makes one for each worker it starts. Those of a stage share one logger,
 * because logback keeps every logger for ever and workers come and go.
 */
public final class WorkerLog {

  /** The key of the name that a line shows in place of the mother's. */
  static final String SOURCE = "source";

  private final Logger log;
  private final String source;

  /**
   * @param stage negotiate, acl, connect, bandwidth or io
   * @param index the worker's place in its stage
   * @param pid its process
   */
  public WorkerLog(String stage, int index, long pid) {
    log = LoggerFactory.getLogger(logger(stage));
    source = stage + "/" + index + "[" + pid + "]";
  }

  /** The name of the logger of a stage's workers. */
  static String logger(String stage) {
    return LogSetup.OWN + ".worker." + stage;
  }

  /** Writes one line of the worker's. */
  public void log(Level level, String line) {
    log.atLevel(level).addKeyValue(SOURCE, source).log(line);
  }
}
