package org.portbouncer.launcher.mother.tuning;

import java.util.List;
import java.util.Optional;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.shared.ClassBoard;
import org.portbouncer.core.shared.ClassTerms;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.staff.AllWorkers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What operators change of bandwidth classes. In the mother. */
public final class Bandwidth {

  private static final Logger LOG = LoggerFactory.getLogger(Bandwidth.class);

  private final InForce inForce;
  private final AllWorkers workers;
  private final ClassBoard board;

  public Bandwidth(ClassBoard board, InForce inForce, AllWorkers workers) {
    this.board = board;
    this.inForce = inForce;
    this.workers = workers;
  }

  /**
   * Changes a class until the next reload; on the loop's thread.
   *
   * @return what it allows with that; empty where there is none of that name
   */
  public Optional<ClassTerms> limit(String name, Long up, Long down) {
    Epoch epoch = inForce.epoch();
    List<BandwidthClass> classes = epoch.configuration().bandwidth();
    for (int i = 0; i < classes.size(); i++) {
      if (classes.get(i).name().equals(name)) {
        change(epoch.classes()[i], up, down);
        ClassTerms terms = new ClassTerms();
        board.read(epoch.classes()[i], terms);
        LOG.info(
            "bandwidth class {} until the next reload: up {} B/s, down {} B/s (0: no limit)",
            name,
            terms.rate(Way.UP),
            terms.rate(Way.DOWN));
        return Optional.of(terms);
      }
    }
    return Optional.empty();
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
      workers.classesChanged();
    }
  }
}
