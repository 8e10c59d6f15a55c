package org.portbouncer.launcher.mother.staff;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Consumer;

/** Who waits for io workers whose sessions are being moved. On the thread of the mother's loop. */
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

  void await(WorkerProcess worker, Consumer<Outcome> done) {
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
