package org.portbouncer.core.worker;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlMessage;

/**
 * A worker's messages to the operator. They go to the mother, who writes them all in one stream; a
 * worker needs no logging library for the few it has. A flood is cut: so many a second, then a line
 * that says how many were left out. On the thread of the worker's loop.
 */
public final class ServerLog {

  /** How much a message matters; the ordinal travels. */
  public enum Level {
    ERROR,
    WARN,
    INFO,
    DEBUG
  }

  private static final int PER_SECOND = 20;
  private static final int MAX_BYTES = 4000;

  /** Of a stack trace, what finds the place. */
  private static final int FRAMES = 6;

  private final ControlChannel control;
  private long second = Long.MIN_VALUE;
  private int written;
  private int leftOut;

  ServerLog(ControlChannel control) {
    this.control = control;
  }

  public void info(long now, String text) {
    log(Level.INFO, now, text);
  }

  public void warn(long now, String text) {
    log(Level.WARN, now, text);
  }

  public void error(long now, String text) {
    log(Level.ERROR, now, text);
  }

  private void log(Level level, long now, String text) {
    long thisSecond = Math.floorDiv(now, 1_000_000_000L);
    if (thisSecond != second) {
      second = thisSecond;
      written = 0;
      if (leftOut > 0) {
        send(Level.WARN, leftOut + " more messages were left out");
        leftOut = 0;
      }
    }
    if (written++ < PER_SECOND) {
      send(level, text);
    } else {
      leftOut++;
    }
  }

  /**
   * Says why the worker ends: the error and where it came from, in one line.
   *
   * @return false where nobody could be told
   */
  static boolean failure(ControlChannel control, Throwable error) {
    StringBuilder text = new StringBuilder("ends, of an internal error: ").append(error);
    int frames = 0;
    for (StackTraceElement frame : error.getStackTrace()) {
      if (frames++ == FRAMES) {
        break;
      }
      text.append(frames == 1 ? " at " : " < ");
      text.append(frame.getClassName().replaceFirst(".*\\.", "")).append('.');
      text.append(frame.getMethodName()).append(':').append(frame.getLineNumber());
    }
    if (error.getCause() != null) {
      text.append("; caused by ").append(error.getCause());
    }
    return send(control, Level.ERROR, text.toString()) == 0;
  }

  /** A mother that does not read loses the message: the worker's sessions matter more. */
  private void send(Level level, String text) {
    send(control, level, text);
  }

  private static int send(ControlChannel control, Level level, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ByteBuffer packet = control.begin(ControlMessage.LOG);
    packet.put((byte) level.ordinal());
    packet.put(bytes, 0, Math.min(bytes.length, MAX_BYTES));
    return control.send();
  }
}
