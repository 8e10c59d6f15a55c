package org.portbouncer.launcher.mother;

import java.util.stream.Collectors;
import org.portbouncer.config.PortRanges;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.launcher.mother.ground.Afterwards;
import org.portbouncer.launcher.mother.launch.ClassCache;
import org.portbouncer.launcher.mother.staff.WorkerProcess;
import org.portbouncer.launcher.mother.upkeep.Sweeper;

/**
 * How the server begins to serve, once every worker does: it accepts, and says so. On the main
 * thread.
 */
final class Serving {

  private final Parts parts;
  private final long startedAt;

  /** Clients were accepted here. */
  private boolean accepted;

  Serving(Parts parts, long startedAt) {
    this.parts = parts;
    this.startedAt = startedAt;
  }

  /** Whether clients were accepted here. */
  boolean accepted() {
    return accepted;
  }

  void accept() {
    accepted = true;
    parts.inForce.serve();
    parts.acceptor.open(parts.inForce.epoch(), parts.inForce.listeners());
    parts.stateWatch.look();
    new Sweeper(parts.ground).start();
  }

  /** Says so to all. */
  void announce() {
    parts.keptSockets.update(parts.inForce.listeners());
    parts.notifier.ready(parts.ground.pid(), parts.statusLine.text());
    parts.reloader.serving();
    System.out.println(readyLine());
    System.out.flush();
    Afterwards.run(parts.ground.loop(), this::prepareForQuestions);
  }

  private void prepareForQuestions() {
    parts.fronts.admin().serving();
    ClassCache.check(
        parts.supervisor.workers().stream()
            .collect(
                Collectors.toMap(WorkerProcess::stage, WorkerProcess::pid, (first, _) -> first)),
        parts.ground.pid());
  }

  private String readyLine() {
    String doors =
        parts.inForce.configuration().listeners().stream()
            .map(Serving::door)
            .collect(Collectors.joining(", "));
    return String.format(
        "bouncer ready: %s; pid %d, %d workers, %d ms",
        doors,
        parts.ground.pid(),
        parts.supervisor.workers().size(),
        (System.nanoTime() - startedAt) / 1_000_000);
  }

  private static String door(Listener listener) {
    String listen = String.join(" ", PortRanges.texts(listener.listen()));
    return listener.name() + " " + Printable.of(listen + " -> " + listener.target().text());
  }
}
