package org.portbouncer.launcher.mother.upkeep;

import java.util.concurrent.atomic.AtomicLong;
import org.portbouncer.core.config.Configuration.AccessLog;
import org.portbouncer.core.log.AccessLogWriting;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.ground.Ground;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the access log had to leave out, in all processes, and why: each counts on its own, the
 * workers on their board. Says so in the server's log, at once when it begins, then now and then.
 * In the mother; reading is for any thread, the rest is on her loop's.
 */
public final class LeftOutLines extends Timer implements AccessLogWriting.Books {

  private static final Logger LOG = LoggerFactory.getLogger(LeftOutLines.class);

  private static final long LOOK_NANOS = 1_000_000_000;
  private static final long AGAIN_NANOS = 10_000_000_000L;

  private final EventLoop loop;
  private final WorkerBoard board;
  private final InForce inForce;

  // Of the mother's own lines.
  private final AtomicLong own = new AtomicLong();
  private volatile int ownTrouble;

  // What was said.
  private int saidTrouble;
  private long saidLines;
  private long saidAt;

  public LeftOutLines(Ground ground, InForce inForce) {
    this.loop = ground.loop();
    this.board = ground.area().workers();
    this.inForce = inForce;
  }

  @Override
  public void leftOut(long lines) {
    own.addAndGet(lines);
  }

  @Override
  public void trouble(int errno) {
    ownTrouble = errno;
  }

  /** Lines left out since the start. */
  public long lines() {
    return board.total(WorkerBoard.Count.LOG_LOST) + own.get();
  }

  /** Why lines cannot be written now; empty where they can. */
  public String trouble() {
    int errno = errno();
    return errno == 0 ? "" : where(inForce.configuration().log().access()) + Errno.text(errno);
  }

  private static String where(AccessLog settings) {
    return settings.path().isEmpty() ? "" : settings.path() + ": ";
  }

  private int errno() {
    int errno = ownTrouble;
    return errno != 0 ? errno : board.logTrouble();
  }

  public void start() {
    saidAt = loop.now() - AGAIN_NANOS;
    loop.timers().set(this, loop.now() + LOOK_NANOS);
  }

  @Override
  protected void expired(long now) {
    say(now, now - saidAt >= AGAIN_NANOS);
    loop.timers().set(this, now + LOOK_NANOS);
  }

  /** Says what is still unsaid; the server ends. */
  public void close() {
    say(loop.now(), true);
  }

  private void say(long now, boolean lines) {
    int errno = errno();
    if (errno != saidTrouble && errno != 0) {
      LOG.warn(
          "the access log cannot be written: {}; lines wait, and are left out when there are too"
              + " many",
          trouble());
    }
    long all = lines();
    boolean over = errno == 0 && saidTrouble != 0;
    if (all > saidLines && (lines || over)) {
      LOG.warn("access log lines left out: {}; since the start: {}", all - saidLines, all);
      saidLines = all;
      saidAt = now;
    }
    if (over) {
      LOG.info("the access log is written again");
    }
    saidTrouble = errno;
  }
}
