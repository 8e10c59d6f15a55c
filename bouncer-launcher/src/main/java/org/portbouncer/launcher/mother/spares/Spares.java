package org.portbouncer.launcher.mother.spares;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.ProcessState;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.launch.LaunchedWorker;
import org.portbouncer.launcher.mother.launch.RestartPause;
import org.portbouncer.launcher.privilege.Confinement;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps so many processes ready to take the place of a worker that dies as the configuration says,
 * and replaces those that are taken, that die, and that give no sign of life. They know no
 * configuration, so a reload changes their number alone. In the mother, on her loop's thread;
 * {@link #all}, {@link #wanted} and {@link #taken} from any.
 */
public final class Spares implements Spare.Owner {

  private static final Logger LOG = LoggerFactory.getLogger(Spares.class);

  /** How often each is asked for a sign of life. */
  private static final long PERIOD_NANOS = 1_000_000_000;

  /** A look that comes later than this says more of the mother than of spares. */
  private static final long ON_TIME_NANOS = PERIOD_NANOS * 3 / 2;

  /** Looks without an answer, and without a first word of one that starts. */
  private static final int SILENT = 30;

  private static final int SILENT_AT_START = 60;

  /** One that waited for this long is not one that dies again and again. */
  private static final long SETTLED_NANOS = 10_000_000_000L;

  /**
   * What must be left of the memory, or none is started: others need it more. Much more than one
   * takes.
   */
  private static final long FREE_BYTES = 128L << 20;

  /** Until memory, or what was confined by too little, is looked at again. */
  private static final long SHORTAGE_NANOS = 10_000_000_000L;

  private final EventLoop loop;
  private final LongSupplier freeMemory;
  private final List<Spare> all = new CopyOnWriteArrayList<>();
  private final Deque<ControlChannel> links = new ArrayDeque<>();
  private final RestartPause pauses = new RestartPause();
  private Confinement confinement;
  private volatile int wanted;
  private final AtomicLong taken = new AtomicLong();
  private int build;
  private boolean filling;
  private boolean ended;

  /** Said once for each time: there is no memory for one. */
  private boolean shortage;

  private long lookedAt;

  private final Timer looks =
      new Timer() {
        @Override
        protected void expired(long now) {
          look(now);
        }
      };

  private final Timer restart =
      new Timer() {
        @Override
        protected void expired(long now) {
          fill();
        }
      };

  /**
   * @param freeMemory bytes that may still be taken
   */
  public Spares(EventLoop loop, LongSupplier freeMemory) {
    this.loop = loop;
    this.freeMemory = freeMemory;
  }

  /**
   * Begins; none is started before {@link #fill}.
   *
   * @param itsBuild which build they are of
   */
  public void begin(int count, int itsBuild, Confinement how) {
    confinement = how;
    wanted = count;
    build = itsBuild;
    if (count > 0 && !how.allowsSpares()) {
      LOG.warn(
          "no spare workers: without a system call filter they would be confined less than others");
    }
  }

  /** All that run; whether each is ready it says itself. */
  public List<Spare> all() {
    return all;
  }

  /** How many there are to be. */
  public int wanted() {
    return wanted;
  }

  /** How often one was given away. */
  public long taken() {
    return taken.get();
  }

  /** There are to be so many from now on. */
  public void adopt(int count) {
    wanted = count;
    for (int i = all.size(); i > count; i--) {
      all.get(i - 1).destroy();
    }
    if (filling) {
      fill();
    }
  }

  /** Starts those that are missing, unless some die as they start: those wait. */
  public void fill() {
    filling = true;
    if (ended || restart.isSet() || !confinement.allowsSpares()) {
      return;
    }
    try {
      while (all.size() < wanted && hasMemory()) {
        all.add(new Spare(loop, this, freeIndex(), build, confinement, links));
      }
    } catch (StartException e) {
      LOG.error("{}", e.getMessage());
      later(pauses.after(false));
    }
    if (!all.isEmpty() && !looks.isSet()) {
      lookedAt = loop.now();
      loop.timers().set(looks, lookedAt + PERIOD_NANOS);
    }
  }

  private boolean hasMemory() {
    long free = freeMemory.getAsLong();
    if (free >= FREE_BYTES) {
      shortage = false;
      return true;
    }
    if (!shortage) {
      shortage = true;
      LOG.warn(
          "no spare worker while less than {} MiB of memory are free ({} MiB): a worker that dies"
              + " is followed by one that has yet to start",
          FREE_BYTES >> 20,
          free >> 20);
    }
    later(SHORTAGE_NANOS);
    return false;
  }

  private int freeIndex() {
    int index = 0;
    while (taken(index)) {
      index++;
    }
    return index;
  }

  private boolean taken(int index) {
    return all.stream().anyMatch(spare -> spare.index() == index);
  }

  private void later(long pause) {
    loop.timers().set(restart, loop.now() + pause);
  }

  /**
   * Gives one away that is ready: with one that is starting a stage would have to wait for longer
   * than for a worker of its own. Another in its place is started by {@link #fill}.
   *
   * @param stage that it is to serve
   * @return null where there is none
   */
  public LaunchedWorker take(StageId stage) {
    if (ended || !confinement.spareFits(stage)) {
      return null;
    }
    for (Spare spare : all) {
      if (spare.waits() && spare.usable()) {
        all.remove(spare);
        taken.incrementAndGet();
        return spare.give();
      }
    }
    return null;
  }

  private void look(long now) {
    boolean onTime = now - lookedAt <= ON_TIME_NANOS;
    lookedAt = now;
    for (Spare spare : all) {
      if (onTime && spare.look() >= (spare.waits() ? SILENT : SILENT_AT_START)) {
        silent(spare);
      }
    }
    if (!all.isEmpty() && !ended) {
      loop.timers().set(looks, now + PERIOD_NANOS);
    }
  }

  private static void silent(Spare spare) {
    char state = ProcessState.of(spare.pid());
    if (state != 't' && state != 'D') {
      LOG.error(
          "spare/{}, pid {}, gives no sign of life{}; it is killed and replaced",
          spare.index(),
          spare.pid(),
          state == 'T' ? " (stopped)" : "");
      spare.destroy();
    }
  }

  @Override
  public void gone(Spare spare, String how) {
    all.remove(spare);
    if (ended) {
      return;
    }
    if (all.size() >= wanted) {
      LOG.info("spare/{}, pid {}, has ended: it was not needed", spare.index(), spare.pid());
      return;
    }
    LOG.error("spare/{}, pid {}, died ({})", spare.index(), spare.pid(), how);
    long pause = pauses.after(loop.now() - spare.startedAt() > SETTLED_NANOS);
    if (pause > 0) {
      LOG.warn("spares die again and again ({}); next start in {} ms", how, pause / 1_000_000);
    }
    later(pause);
  }

  public boolean anyRunning() {
    return !all.isEmpty();
  }

  /** Has all end, at once those that have yet to start; no more are started. */
  public void stop() {
    ended = true;
    loop.timers().clear(restart);
    all.forEach(Spare::stop);
  }

  /** Ends all at once; no more are started. */
  public void destroy() {
    stop();
    all.forEach(Spare::destroy);
  }
}
