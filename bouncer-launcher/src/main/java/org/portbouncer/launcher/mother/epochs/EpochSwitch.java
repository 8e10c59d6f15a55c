package org.portbouncer.launcher.mother.epochs;

import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.launcher.log.LogSetup;
import org.portbouncer.launcher.mother.books.Books;
import org.portbouncer.launcher.mother.books.ClassPlaces;
import org.portbouncer.launcher.mother.books.ClusterSeat;
import org.portbouncer.launcher.mother.books.CounterPlaces;
import org.portbouncer.launcher.mother.doors.Acceptor;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.doors.Listeners;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.mother.handover.Inheritance;
import org.portbouncer.launcher.mother.staff.Supervisor;

/**
 * Gives configurations their numbers and places, and has new sessions set out under them. In the
 * mother, on her loop's thread.
 */
public final class EpochSwitch {

  private final Ground ground;
  private final InForce inForce;
  private final ClassPlaces classes;
  private final CounterPlaces places;
  private final EpochKeeper keeper;
  private final Supervisor supervisor;
  private final Acceptor acceptor;
  private int last;

  public EpochSwitch(
      Ground ground,
      InForce inForce,
      ClassPlaces classes,
      CounterPlaces places,
      EpochKeeper keeper,
      Supervisor supervisor,
      Acceptor acceptor) {
    this.ground = ground;
    this.inForce = inForce;
    this.classes = classes;
    this.places = places;
    this.keeper = keeper;
    this.supervisor = supervisor;
    this.acceptor = acceptor;
  }

  /**
   * Makes an epoch of a configuration whose addresses are bound. One that fails after all leaves a
   * gap in the numbers.
   *
   * @throws StartException where there is no place for what it counts
   */
  public Epoch make(Configuration bound) throws StartException {
    int number = ++last;
    int oldest = inForce.epoch() == null ? 1 : keeper.oldest();
    return new Epoch(number, bound, places.assign(bound, classes.assign(bound), number, oldest));
  }

  /** Goes on where the mother before this one was. */
  public void inherit(Inheritance inheritance) {
    last = inheritance.lastEpoch();
    classes.inherit(inheritance.books().classes(), inheritance.epochs().getLast());
    places.inherit(inheritance.books(), last);
    inheritance.epochs().forEach(ground.epochs()::add);
  }

  /**
   * What a mother that follows this one has to know.
   *
   * @param cluster whose parts of shared limits there are
   */
  public Books books(Supervisor of, ClusterSeat cluster) {
    return new Books(
        places.listeners(),
        places.ownRules(),
        places.members(),
        classes.all(),
        of.staff().allPlaces(),
        of.restarts().all(),
        cluster);
  }

  /** Puts the first in force, before there are workers, and before clients are accepted. */
  public void begin(Epoch first, Listeners listeners) {
    classes.publish(first);
    ground.epochs().add(first);
    inForce.put(first, listeners);
  }

  /** Has new sessions set out under this configuration, which all workers know. */
  void putInForce(Epoch next, Listeners newer) {
    classes.publish(next);
    supervisor.everyone().classesChanged();
    ground.epochs().add(next);
    inForce.put(next, newer);
    acceptor.serve(next, newer);
    newer.comeIntoForce();
    LogSetup.levels(next.configuration().log());
    supervisor.everyone().levelsChanged();
  }
}
