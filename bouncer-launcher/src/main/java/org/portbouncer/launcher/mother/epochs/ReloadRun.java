package org.portbouncer.launcher.mother.epochs;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.portbouncer.config.ConfigLoader;
import org.portbouncer.config.LoadResult;
import org.portbouncer.config.Problem;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Configuration.Workers;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.RuleMemory;
import org.portbouncer.core.loop.Deadline;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.HeapNeed;
import org.portbouncer.launcher.admin.ReloadView;
import org.portbouncer.launcher.mother.doors.Listeners;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.staff.PublishedEpoch;
import org.portbouncer.launcher.mother.staff.Supervisor;
import org.portbouncer.launcher.mother.staff.WorkerProcess;
import org.portbouncer.launcher.mother.staff.WorkerState;
import org.portbouncer.launcher.mother.upkeep.AccessLogKeeper;
import org.portbouncer.launcher.privilege.SocketsRefusedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reload. Until its last step nothing changes, and what was made for it is undone where it
 * fails:
 *
 * <ol>
 *   <li>the whole configuration is read and checked, on a thread beside the loop;
 *   <li>new addresses are bound, the new access log is opened;
 *   <li>all workers get the configuration and say that they have it;
 *   <li>it comes into force: new sessions carry its number from one client to the next.
 * </ol>
 *
 * In the mother, on her loop's thread but for the first step.
 */
final class ReloadRun {

  private static final Logger LOG = LoggerFactory.getLogger(ReloadRun.class);

  /** For all workers to take the configuration. */
  private static final long PATIENCE_NANOS = 30_000_000_000L;

  /** For the configuration to be read, with all its lists; a file system may never answer. */
  private static final long READING_SECONDS = Long.getLong("bouncer.reading.seconds", 30);

  /** How many readings that nobody waits for any more may still hang. */
  private static final int MOST_READINGS = 4;

  private final Reloadable parts;
  private final Supervisor supervisor;
  private final boolean recheck;
  private final AtomicInteger readings;
  private final Consumer<ReloadView> end;
  private final long startedAt = System.nanoTime();
  private boolean over;

  // What was made so far.
  private FixedSettings.Kept kept;
  private List<Problem> problems = List.of();
  private Listeners listeners;
  private AccessLogKeeper.Change accessLog;
  private Epoch epoch;
  private PublishedEpoch published;
  private Recheck rechecking;

  /** The networks of its rules, until they are made ready to be handed out. */
  private RuleMemory rules;

  private boolean handedOut;
  private List<WorkerProcess> hired = List.of();

  /** Who was told of the configuration, and has to take it: all but those that die all the time. */
  private List<WorkerProcess> asked = List.of();

  private final Deadline deadline;

  /**
   * @param recheck whether to end live sessions that the new rules block
   * @param readings how many threads read a configuration now, over all reloads
   * @param end told of the outcome, once
   */
  ReloadRun(Reloadable parts, boolean recheck, AtomicInteger readings, Consumer<ReloadView> end) {
    this.parts = parts;
    this.supervisor = parts.supervisor();
    this.recheck = recheck;
    this.readings = readings;
    this.end = end;
    this.deadline =
        new Deadline(parts.ground().loop()) {
          @Override
          protected void over(long now) {
            if (handedOut) {
              tooSlow();
            } else {
              fail("the configuration was not read in " + READING_SECONDS + " s");
            }
          }
        };
  }

  void start() {
    Configuration old = parts.inForce().configuration();
    LOG.info("reloading {}", old.file());
    if (readings.get() >= MOST_READINGS) {
      fail(readings.get() + " earlier readings of it have not come to their end");
      return;
    }
    deadline.begin(parts.ground().loop().now(), READING_SECONDS * 1_000_000_000);
    try {
      beside(() -> read(Path.of(old.file())), this::loaded, LoadResult::close);
    } catch (ShortageException e) {
      fail(e.getMessage());
    }
  }

  private static LoadResult read(Path file) {
    // Who gives the mother little heap knows that the configuration is small.
    String lacks =
        HeapNeed.lacks(Math.min(ConfigLoader.MOST_HEAP, Runtime.getRuntime().maxMemory() / 2));
    if (lacks != null) {
      throw new ShortageException(
          "to read a configuration "
              + lacks
              + "; older ones are kept for as long as sessions live that began under them");
    }
    return ConfigLoader.load(file);
  }

  /** There is not enough memory, or no thread; the message says so. */
  private static final class ShortageException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ShortageException(String message) {
      super(message);
    }
  }

  /**
   * Does work on a thread of its own, and what follows on the loop's.
   *
   * @param discard what to do with what was made where nobody waits for it any more
   */
  private <T> void beside(Supplier<T> work, Consumer<T> then, Consumer<T> discard) {
    readings.incrementAndGet();
    Runnable task =
        () -> {
          try {
            T made = work.get();
            parts.ground().post(() -> continueWith(made, then, discard));
          } catch (ShortageException | SystemCallException e) {
            parts.ground().post(() -> fail(e.getMessage()));
          } catch (RuntimeException | StackOverflowError e) {
            LOG.error("reloading failed", e);
            parts.ground().post(() -> fail("internal error: " + e));
          } finally {
            readings.decrementAndGet();
          }
        };
    try {
      Thread.ofPlatform().daemon().name("reload").start(task);
    } catch (OutOfMemoryError e) {
      readings.decrementAndGet();
      throw new ShortageException("no thread is to be had (RLIMIT_NPROC, pids.max)");
    }
  }

  private <T> void continueWith(T made, Consumer<T> then, Consumer<T> discard) {
    if (over) {
      discard.accept(made);
      return;
    }
    try {
      then.accept(made);
    } catch (SystemCallException | ShortageException e) {
      fail(e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("reloading failed", e);
      fail("internal error: " + e);
    }
  }

  private void loaded(LoadResult loaded) {
    deadline.end();
    problems = loaded.problems();
    rules = loaded.rules();
    if (!loaded.isOk()) {
      long errors = problems.stream().filter(Problem::isError).count();
      fail((errors == 1 ? "1 error" : errors + " errors") + " in the configuration");
      return;
    }
    if (!parts.published().hasRoom()) {
      fail(
          "too many older configurations are in use: sessions that began under them are not set"
              + " up");
      return;
    }
    kept = FixedSettings.keep(loaded, parts.inForce().configuration(), parts.mostSessions());
    problems = new ArrayList<>(problems);
    problems.addAll(kept.warnings());
    try {
      supervisor.staff().rights().check(kept.configuration());
      listeners =
          parts.inForce().listeners().reopen(kept.configuration(), parts.acceptor().leaving());
      Configuration bound = listeners.withPorts(kept.configuration());
      accessLog = parts.accessLog().prepare(bound.log().access());
      epoch = parts.epochs().make(bound);
    } catch (StartException | SocketsRefusedException e) {
      fail(e.getMessage());
      return;
    }
    RuleMemory own = rules;
    rules = null;
    try {
      beside(() -> make(own), this::publish, made -> made.encoded.close());
    } catch (ShortageException e) {
      own.close();
      throw e;
    }
  }

  private Made make(RuleMemory own) {
    try {
      Recheck again = recheck ? new Recheck(epoch.configuration()) : null;
      return new Made(PublishedEpoch.of(epoch, own), again);
    } catch (SystemCallException e) {
      own.close();
      throw e;
    }
  }

  /** What takes time to make. */
  private record Made(PublishedEpoch encoded, Recheck recheck) {}

  private void publish(Made made) {
    published = made.encoded;
    rechecking = made.recheck;
    handedOut = true;
    asked = supervisor.staff().dependable();
    parts.keeper().add(published);
    supervisor.everyone().publish(published);
    try {
      hired = supervisor.hire(epoch.configuration().workers());
    } catch (StartException e) {
      fail(e.getMessage());
      return;
    }
    deadline.begin(parts.ground().loop().now(), PATIENCE_NANOS);
    news();
  }

  /** A worker cannot take it: then it does not come into force for anybody. */
  void refused(WorkerProcess worker, int number, String why) {
    if (handedOut && !over && number == epoch.number()) {
      fail("worker " + worker.name() + " cannot take it: " + why);
    }
  }

  /** A worker that dies before it has taken the configuration may have died of it. */
  void died(WorkerProcess worker, String how) {
    if (handedOut
        && !over
        && worker.knows() < epoch.number()
        && (asked.contains(worker) || hired.contains(worker))) {
      fail("worker " + worker.name() + " died while it was to take it (" + how + ")");
    }
  }

  /** Something happened to a worker. */
  void news() {
    if (handedOut && !over && late() == null) {
      comeIntoForce();
    }
  }

  /** A worker that has not taken the configuration, or a new one that is not ready; or null. */
  private WorkerProcess late() {
    for (WorkerProcess worker : hired) {
      if (worker.state() != WorkerState.READY) {
        return worker;
      }
    }
    return supervisor.staff().ignorant(epoch.number());
  }

  private void tooSlow() {
    WorkerProcess late = late();
    fail(
        "worker "
            + late.name()
            + (late.running() ? ", pid " + late.pid() + "," : "")
            + " has not taken it in "
            + PATIENCE_NANOS / 1_000_000_000
            + " s");
  }

  private void comeIntoForce() {
    Configuration old = parts.inForce().configuration();
    int before = parts.inForce().listeners().entries().size();
    int opened = listeners.opened().size();
    int closed = listeners.leaving().size();
    parts.epochs().putInForce(published.epoch(), listeners);
    if (accessLog != null) {
      accessLog.carryOut();
    }
    Workers workers = epoch.configuration().workers();
    int leave = supervisor.adopt(workers);
    int ended = rechecking == null ? 0 : rechecking.carryOut(parts.ground(), supervisor.everyone());
    List<String> was = names(old);
    List<String> is = names(epoch.configuration());
    List<String> added = is.stream().filter(name -> !was.contains(name)).toList();
    List<String> removed = was.stream().filter(name -> !is.contains(name)).toList();
    String message =
        String.join(
            ", ",
            "epoch " + epoch.number(),
            part(is.size(), "listeners", added.size(), removed.size()),
            part(before + opened - closed, "addresses", opened, closed),
            part(workers.all(), "workers", hired.size(), leave),
            recheck ? "sessions ended: " + ended : "live sessions: " + parts.ground().active(),
            (System.nanoTime() - startedAt) / 1_000_000 + " ms");
    over(
        new ReloadView(
            true, "reloaded: " + message, texts(problems), epoch.number(), added, removed, ended));
  }

  private static String part(int count, String what, int more, int fewer) {
    return count + " " + what + " (+" + more + " -" + fewer + ")";
  }

  private static List<String> names(Configuration configuration) {
    return configuration.listeners().stream().map(Listener::name).toList();
  }

  private static List<String> texts(List<Problem> problems) {
    return problems.stream().map(Problem::toString).toList();
  }

  /** Gives up because the server does. */
  void abort(String why) {
    fail(why);
  }

  /** Undoes what was made; the configuration in force stays. */
  private void fail(String why) {
    if (over) {
      return;
    }
    if (handedOut) {
      parts.published().withdraw(published);
      supervisor.everyone().withdraw(epoch.number());
      supervisor.staff().dismiss(hired);
    }
    if (listeners != null) {
      listeners.withdraw();
    }
    if (accessLog != null) {
      accessLog.withdraw();
    }
    if (rules != null) {
      rules.close();
    }
    int number = parts.inForce().epoch().number();
    over(
        ReloadView.refused(
            "not reloaded: " + why + "; epoch " + number + " stays in force",
            texts(problems),
            number));
  }

  private void over(ReloadView outcome) {
    over = true;
    deadline.end();
    for (Problem problem : problems) {
      if (problem.isError()) {
        LOG.error("{}", problem);
      } else {
        LOG.warn("{}", problem);
      }
    }
    if (outcome.done()) {
      LOG.info("{}", outcome.message());
    } else {
      LOG.error("{}", outcome.message());
    }
    end.accept(outcome);
  }
}
