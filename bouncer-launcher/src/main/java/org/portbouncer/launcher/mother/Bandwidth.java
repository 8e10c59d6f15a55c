package org.portbouncer.launcher.mother;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.shared.ClassBoard;
import org.portbouncer.core.shared.ClassTerms;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.admin.BandwidthView;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What operators see of bandwidth classes, and change of them. In the mother. */
final class Bandwidth {

  private static final Logger LOG = LoggerFactory.getLogger(Bandwidth.class);
  private static final double NANOS_PER_SECOND = 1e9;

  private final Mother mother;
  private final ClassBoard board;

  Bandwidth(Mother mother) {
    this.mother = mother;
    this.board = mother.area().classes();
  }

  /** Every class of the configuration in force; from any thread. */
  List<BandwidthView> views(Epoch epoch) {
    int[] sessions = sessions();
    List<BandwidthView> views = new ArrayList<>();
    for (int i = 0; i < epoch.configuration().bandwidth().size(); i++) {
      views.add(view(epoch, i, sessions));
    }
    return views;
  }

  private BandwidthView view(Epoch epoch, int index, int[] sessions) {
    BandwidthClass one = epoch.configuration().bandwidth().get(index);
    int place = epoch.classes()[index];
    ClassTerms terms = new ClassTerms();
    board.read(place, terms);
    long burst = 0;
    for (int way = 0; way < Way.COUNT; way++) {
      burst = terms.rate(way) == 0 ? burst : Math.max(burst, terms.burst(way));
    }
    return new BandwidthView(
        one.name(),
        terms.rate(Way.UP),
        terms.rate(Way.DOWN),
        burst,
        one.sharedBy().name().toLowerCase(Locale.ROOT),
        sessions[place],
        board.throttledNanos(place) / NANOS_PER_SECOND);
  }

  /** Live sessions by the place of their class, whichever configuration they began with. */
  private int[] sessions() {
    SessionTable table = mother.area().sessions();
    int[] sessions = new int[ClassBoard.PLACES];
    for (int record = 0; record < mother.records().highWater(); record++) {
      int index = table.bandwidth(record);
      if (index >= 0 && table.counts(record)) {
        Epoch epoch = mother.epochs().get(table.epoch(record));
        // The record may be another session's by now: what it says is looked at before use.
        if (epoch != null && index < epoch.classes().length) {
          sessions[epoch.classes()[index]]++;
        }
      }
    }
    return sessions;
  }

  /**
   * Changes a class until the next reload; on the loop's thread.
   *
   * @return the class as it is now; null where there is none of that name
   */
  BandwidthView limit(String name, Long up, Long down) {
    Epoch epoch = mother.epoch();
    List<BandwidthClass> classes = epoch.configuration().bandwidth();
    for (int i = 0; i < classes.size(); i++) {
      if (classes.get(i).name().equals(name)) {
        change(epoch.classes()[i], up, down);
        BandwidthView view = view(epoch, i, sessions());
        LOG.info(
            "bandwidth class {} until the next reload: up {} B/s, down {} B/s (0: no limit)",
            name,
            view.up(),
            view.down());
        return view;
      }
    }
    return null;
  }

  private void change(int place, Long up, Long down) {
    ClassTerms terms = new ClassTerms();
    board.read(place, terms);
    boolean changed =
        board.set(
            place,
            up == null ? terms.rate(Way.UP) : up,
            down == null ? terms.rate(Way.DOWN) : down,
            terms.configuredBurst(),
            System.nanoTime());
    if (changed) {
      mother.supervisor().classesChanged();
    }
  }
}
