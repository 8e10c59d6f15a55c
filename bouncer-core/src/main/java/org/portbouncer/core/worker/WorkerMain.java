package org.portbouncer.core.worker;

import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.sys.ProcessState;

/** The main method of a worker's process. The mother has put the control link on standard input. */
public final class WorkerMain {

  private WorkerMain() {}

  /**
   * Runs a worker to its end, and the process with it.
   *
   * @param role the stage that it serves
   */
  public static void run(Role role) {
    guarded(
        control -> {
          role.begin();
          WorkerStart start = WorkerStart.receive(control);
          serve(control, start, Build.own(), role, false);
        });
  }

  /** What a process of ours does from its first instruction to its last. */
  interface Life {
    void live(ControlChannel control);
  }

  /** Lives, says why where that fails, and ends the process. */
  static void guarded(Life life) {
    // Ctrl-C in a terminal reaches the whole process group; who ends, and when, is the mother's to
    // say.
    ProcessSignals.ignoreTerminal();
    ControlChannel control = new ControlChannel(0);
    try {
      life.live(control);
    } catch (Throwable e) {
      // Nothing is known of the sessions any more: the mother ends them, and starts a successor.
      if (ServerLog.failure(control, e)) {
        Runtime.getRuntime().halt(Worker.FAILED);
      }
      throw e;
    }
    // The JVM's own threads need no goodbye.
    Runtime.getRuntime().halt(0);
  }

  /**
   * Serves until the mother says stop.
   *
   * @param own which build this process is of
   * @param spare whether it was started before it was known what it would serve
   */
  static void serve(ControlChannel control, WorkerStart start, int own, Role role, boolean spare) {
    if (own != start.build()) {
      ServerLog.refusal(
          control,
          "is of another build (%s) than the server (%s): the program was replaced while it runs;"
                  .formatted(Build.text(own), Build.text(start.build()))
              + " restart the server");
      Runtime.getRuntime().halt(Worker.FAILED);
    }
    ProcessState.name("bnc:" + start.stage().text() + "/" + start.index());
    new Worker(control, start, role, spare).run();
  }
}
