package org.portbouncer.core.worker;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.Reports;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;

/**
 * A worker's messages to the operator. They go to the mother, who writes them all in one stream; a
 * worker needs no logging library for the few it has. A flood is cut: so many of each level a
 * second, so that many warnings leave errors their room, and then a line that says how many were
 * left out. On the thread of the worker's loop.
 */
public final class ServerLog {

  /** How much a message matters. */
  public enum Level {
    ERROR(1),
    WARN(2),
    INFO(3),
    DEBUG(4);

    private static final Level[] ALL = values();

    private final int code;

    Level(int code) {
      this.code = code;
    }

    /** As it travels on the control link. */
    public int code() {
      return code;
    }

    /** The level with this code, or null where there is none. */
    public static Level withCode(int code) {
      for (Level level : ALL) {
        if (level.code == code) {
          return level;
        }
      }
      return null;
    }

    /** The level of that name in the configuration; a worker has no finer one than debug. */
    public static Level named(String name) {
      for (Level level : ALL) {
        if (level.name().equalsIgnoreCase(name)) {
          return level;
        }
      }
      return DEBUG;
    }
  }

  /** Lines of each level that go out in a second; the mother takes no more either. */
  public static final int PER_SECOND = 20;

  private static final long SECOND_NANOS = 1_000_000_000;

  /** Of a stack trace, what finds the place. */
  private static final int FRAMES = 6;

  private final ControlChannel control;
  private final EventLoop loop;
  private Level least = Level.INFO;
  private final int[] written = new int[Level.values().length];
  private final int[] leftOut = new int[Level.values().length];

  /** Ends a second that began with its first message. */
  private final Timer second =
      new Timer() {
        @Override
        protected void expired(long now) {
          Arrays.fill(written, 0);
          for (Level level : Level.values()) {
            tellLeftOut(level);
          }
        }
      };

  ServerLog(ControlChannel control, EventLoop loop) {
    this.control = control;
    this.loop = loop;
  }

  /** Has everything left out that matters less. */
  void least(Level level) {
    least = level;
  }

  /** Whether it is worth while to make the text of a debug message. */
  public boolean debugs() {
    return least == Level.DEBUG;
  }

  public void debug(long now, String text) {
    log(Level.DEBUG, now, text);
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
    if (level.compareTo(least) > 0) {
      return;
    }
    if (!second.isSet()) {
      loop.timers().set(second, now + SECOND_NANOS);
    }
    if (written[level.ordinal()]++ < PER_SECOND) {
      send(level, text);
    } else {
      leftOut[level.ordinal()]++;
    }
  }

  /** At the end of the second, and of the worker, so that none goes missing unsaid. */
  private void tellLeftOut(Level level) {
    int count = leftOut[level.ordinal()];
    if (count > 0) {
      leftOut[level.ordinal()] = 0;
      send(level, count + " more messages were left out");
    }
  }

  /** Says what is still unsaid; the worker ends. */
  void close() {
    for (Level level : Level.values()) {
      tellLeftOut(level);
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

  /** Says why this process does not serve. */
  static void refusal(ControlChannel control, String why) {
    send(control, Level.ERROR, why);
  }

  /** Says something from where no loop runs yet. */
  static void warning(ControlChannel control, String text) {
    send(control, Level.WARN, text);
  }

  /** A mother that does not read loses the message: the worker's sessions matter more. */
  private void send(Level level, String text) {
    send(control, level, text);
  }

  private static int send(ControlChannel control, Level level, String text) {
    return Reports.log(control, level.code(), text.getBytes(StandardCharsets.UTF_8));
  }
}
