package org.portbouncer.launcher.mother.launch;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.portbouncer.core.worker.ServerLog;
import org.portbouncer.launcher.log.WorkerLog;
import org.slf4j.event.Level;

/**
 * What one worker has the mother write into the server's log, and how much of it she does: what a
 * worker keeps to by itself ({@link ServerLog}) is held here against one that was taken over. So
 * many lines of each level a second, and so many bytes, with room for two seconds that meet: a
 * worker that keeps to it never notices. What is more is left out, and said so once a second.
 *
 * <p>On the thread of the mother's loop.
 */
public final class WorkerVoice {

  private static final Level[] LEVELS = {Level.ERROR, Level.WARN, Level.INFO, Level.DEBUG};

  /** A worker's own lines, and the one that says how many it left out. */
  private static final int LINES_PER_SECOND = ServerLog.PER_SECOND + 1;

  private static final int MOST_LINES = 2 * LINES_PER_SECOND;
  private static final int BYTES_PER_SECOND = 32 * 1024;
  private static final int MOST_BYTES = 2 * BYTES_PER_SECOND;
  private static final double SECOND_NANOS = 1e9;

  private final WorkerLog log;
  private final double[] lines = new double[LEVELS.length];
  private double bytes = MOST_BYTES;
  private long filledAt;
  private long leftOut;
  private long saidAt;

  public WorkerVoice(WorkerLog log, long now) {
    this.log = log;
    this.filledAt = now;
    this.saidAt = now;
    Arrays.fill(lines, MOST_LINES);
  }

  /**
   * Writes a line of the worker's, if it is due.
   *
   * @param text UTF-8, of any content
   */
  public void said(ServerLog.Level level, byte[] text, long now) {
    int which = level.ordinal();
    fill(now);
    if (lines[which] < 1 || bytes < text.length) {
      leftOut++;
    } else {
      lines[which]--;
      bytes -= text.length;
      log.log(LEVELS[which], new String(text, StandardCharsets.UTF_8));
    }
    if (now - saidAt >= SECOND_NANOS) {
      sayLeftOut(now);
    }
  }

  private void fill(long now) {
    double seconds = Math.max(0, now - filledAt) / SECOND_NANOS;
    filledAt = now;
    for (int i = 0; i < lines.length; i++) {
      lines[i] = Math.min(MOST_LINES, lines[i] + LINES_PER_SECOND * seconds);
    }
    bytes = Math.min(MOST_BYTES, bytes + BYTES_PER_SECOND * seconds);
  }

  /** Says how many lines were left out since it was said last; at the worker's end too. */
  public void sayLeftOut(long now) {
    saidAt = now;
    if (leftOut > 0) {
      log.log(Level.WARN, "says too much: " + leftOut + " of its lines were left out");
      leftOut = 0;
    }
  }
}
