package org.portbouncer.launcher.mother.staff;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Consumer;

/**
 * Has sessions of io workers moved, and knows who waits for that. On the thread of the mother's
 * loop.
 */
public final class Moves {

  /**
   * How it went.
   *
   * @param moved sessions that go on in other workers
   * @param lost sessions that ended with the worker
   */
  public record Outcome(int moved, int lost) {}

  private final IdentityHashMap<WorkerProcess, List<Consumer<Outcome>>> waiting =
      new IdentityHashMap<>();

  private final Staff staff;

  Moves(Staff staff) {
    this.staff = staff;
  }

  /**
   * Has the live sessions of an io worker go on in others, and a new process follow it.
   *
   * @param which its name, such as io/0, or its pid
   * @param done told how it went
   * @return "" or why it cannot be
   */
  public String begin(String which, Consumer<Outcome> done) {
    for (WorkerProcess worker : staff.all()) {
      if (worker.name().equals(which) || Integer.toString(worker.pid()).equals(which)) {
        if (!worker.stage().forwards()) {
          return worker.name() + " forwards no sessions: only io workers can be moved";
        }
        if (!worker.move()) {
          return worker.serves()
              ? "the sessions of " + worker.name() + " would end with it: see `survive` in the docs"
              : worker.name() + " does not serve";
        }
        await(worker, done);
        return "";
      }
    }
    return "no worker '" + which + "'; they are named as `bouncer status` shows them, such as io/0";
  }

  private void await(WorkerProcess worker, Consumer<Outcome> done) {
    waiting.computeIfAbsent(worker, _ -> new ArrayList<>()).add(done);
  }

  /** A worker has ended, whatever for. */
  void ended(WorkerProcess worker, Outcome outcome) {
    List<Consumer<Outcome>> told = waiting.remove(worker);
    if (told != null) {
      told.forEach(one -> one.accept(outcome));
    }
  }
}
