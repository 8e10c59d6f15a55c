package org.portbouncer.launcher.mother.epochs;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.portbouncer.launcher.admin.ReloadView;
import org.portbouncer.launcher.mother.staff.WorkerNews;
import org.portbouncer.launcher.mother.staff.WorkerProcess;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes requests to reload, from the signal and from the admin socket, and carries them out one
 * after the other. What is asked while one is under way is done after it, all of that at once: the
 * file may have changed since it was read. In the mother, on her loop's thread.
 */
public final class Reloader implements WorkerNews {

  private static final Logger LOG = LoggerFactory.getLogger(Reloader.class);

  private record Request(boolean recheck, Consumer<ReloadView> answer) {}

  private final Reloadable parts;
  private final ReloadWatcher watcher;

  /** How many threads read a configuration now, those that nobody waits for included. */
  private final AtomicInteger readings = new AtomicInteger();

  private List<Request> waiting = new ArrayList<>();
  private List<Request> current = List.of();
  private ReloadRun run;
  private boolean serving;
  private String refusal;

  public Reloader(Reloadable parts, ReloadWatcher watcher) {
    this.parts = parts;
    this.watcher = watcher;
  }

  /** The signal: its outcome stands in the log alone. */
  public void signal() {
    request(false, outcome -> {});
  }

  /**
   * Asks for a reload.
   *
   * @param recheck whether to end live sessions that the new rules block
   * @param answer told of the outcome, once, on the loop's thread
   */
  public void request(boolean recheck, Consumer<ReloadView> answer) {
    // Whoever has moved the access log away wants a new one, whatever else comes of this.
    parts.accessLog().reopen();
    if (refusal != null) {
      LOG.warn("not reloaded: {}", refusal);
      answer.accept(refused());
      return;
    }
    waiting.add(new Request(recheck, answer));
    next();
  }

  /** The server has started: what was asked meanwhile is done now. */
  public void serving() {
    serving = true;
    next();
  }

  /**
   * Has no reload begin for now.
   *
   * @param why for who asks for one
   * @return false where one is under way
   */
  public boolean hold(String why) {
    if (run != null || refusal != null) {
      return false;
    }
    refusal = why;
    return true;
  }

  /** Lets reloads begin again after {@link #hold}. */
  public void letGo() {
    refusal = null;
    next();
  }

  /** The server stops: a reload that is under way is given up, and there will be no other. */
  public void refuse(String why) {
    if (refusal != null) {
      return;
    }
    refusal = why;
    if (run != null) {
      run.abort(why);
    }
    List<Request> all = waiting;
    waiting = new ArrayList<>();
    all.forEach(request -> request.answer.accept(refused()));
  }

  private ReloadView refused() {
    return ReloadView.refused(
        "not reloaded: " + refusal, List.of(), parts.inForce().epoch().number());
  }

  @Override
  public void changed() {
    if (run != null) {
      run.news();
    }
  }

  @Override
  public void refused(WorkerProcess worker, int epoch, String why) {
    LOG.warn("worker {} cannot take epoch {}: {}", worker.name(), epoch, why);
    if (run != null) {
      run.refused(worker, epoch, why);
    }
  }

  @Override
  public void died(WorkerProcess worker, String how) {
    if (run != null) {
      run.died(worker, how);
    }
  }

  private void next() {
    if (!serving || run != null || waiting.isEmpty() || refusal != null) {
      return;
    }
    current = waiting;
    waiting = new ArrayList<>();
    run = new ReloadRun(parts, current.stream().anyMatch(Request::recheck), readings, this::ended);
    watcher.reloading();
    run.start();
  }

  private void ended(ReloadView outcome) {
    List<Request> served = current;
    current = List.of();
    run = null;
    watcher.reloaded();
    served.forEach(request -> request.answer.accept(outcome));
    next();
  }
}
