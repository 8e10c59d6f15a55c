package org.portbouncer.launcher.mother.desk;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.session.Result;
import org.portbouncer.launcher.admin.AccessLogView;
import org.portbouncer.launcher.admin.BandwidthView;
import org.portbouncer.launcher.admin.LimitsView;
import org.portbouncer.launcher.admin.ListenerView;
import org.portbouncer.launcher.admin.SpareView;
import org.portbouncer.launcher.admin.StateTransferView;
import org.portbouncer.launcher.admin.StatusView;
import org.portbouncer.launcher.admin.WorkerView;
import org.portbouncer.launcher.metrics.Figures;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.upkeep.LeftOutLines;

/** Figures as `bouncer status` shows them. In the mother, from any thread. */
final class StatusViews {

  private static final long NANOS_PER_MS = 1_000_000;
  private static final double NANOS_PER_SECOND = 1e9;

  private final InForce inForce;
  private final LeftOutLines leftOut;

  StatusViews(InForce inForce, LeftOutLines leftOut) {
    this.inForce = inForce;
    this.leftOut = leftOut;
  }

  StatusView of(Figures now) {
    Figures.Server server = now.server();
    Figures.Transfer transfer = now.transfer();
    return new StatusView(
        server.version(),
        server.pid(),
        server.uptimeS(),
        server.epoch(),
        server.standing(),
        now.listeners().stream()
            .filter(Figures.Listener::configured)
            .map(StatusViews::listener)
            .toList(),
        workers(now),
        spares(now),
        new StateTransferView(
            transfer.mode().text(), transfer.spilled(), transfer.slots(), transfer.slotsUsed()),
        new LimitsView(now.sessions().limit(), now.sessions().active()),
        now.classes().stream().map(StatusViews::bandwidth).toList(),
        new AccessLogView(
            inForce.configuration().log().access().to().text(),
            now.trouble().logLinesLost(),
            leftOut.trouble()),
        now.trouble().serverLogLinesLost());
  }

  private static ListenerView listener(Figures.Listener listener) {
    return new ListenerView(
        listener.name(),
        listener.listen(),
        listener.target(),
        listener.accepted(),
        listener.active(),
        listener.passed(),
        listener.ended(Result.BLOCKED),
        listener.ended(Result.LIMITED),
        listener.failed(),
        listener.bytesUp(),
        listener.bytesDown(),
        listener.lastError());
  }

  static BandwidthView bandwidth(Figures.BandwidthClass one) {
    return new BandwidthView(
        one.name(),
        one.up(),
        one.down(),
        one.burst(),
        one.sharedBy(),
        one.sessions(),
        one.bytesUp(),
        one.bytesDown(),
        one.throttledNanos() / NANOS_PER_SECOND);
  }

  private static List<SpareView> spares(Figures now) {
    return now.spares().all().stream()
        .map(
            one ->
                new SpareView(
                    one.index(), one.pid(), one.ready() ? "waiting" : "starting", one.rssBytes()))
        .toList();
  }

  private static List<WorkerView> workers(Figures now) {
    List<WorkerView> views = new ArrayList<>();
    for (Figures.Worker worker : now.workers()) {
      views.add(
          new WorkerView(
              worker.stage().text(),
              worker.index(),
              worker.pid(),
              worker.state(),
              worker.restarts(),
              worker.sessions(),
              worker.rssBytes(),
              worker.cpuNanos() / NANOS_PER_MS,
              worker.lastEnd(),
              worker.nextStartMs()));
    }
    return views;
  }
}
