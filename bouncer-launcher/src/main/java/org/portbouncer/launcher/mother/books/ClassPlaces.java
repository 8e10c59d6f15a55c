package org.portbouncer.launcher.mother.books;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.shared.ClassBoard;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.Epochs;
import org.portbouncer.launcher.mother.ground.LiveRecords;
import org.portbouncer.launcher.mother.ground.StartException;

/**
 * Which bandwidth class has which place on the {@link ClassBoard}. A class keeps its place, and so
 * its buckets, over reloads, by its name; the place of one that is gone is free again when no live
 * session's configuration has it. In the mother, on her loop's thread.
 */
public final class ClassPlaces {

  private final ClassBoard board;
  private final SessionTable sessions;
  private final LiveRecords live;
  private final Epochs epochs;
  private final int capacity;

  /** Every class that has a place: of the configuration in force, or of a live session's. */
  private final Map<String, Integer> byName = new HashMap<>();

  private Epoch published;

  /** It is the one of the mother before this one. */
  private boolean inherited;

  /** What of a class's rate is this server's. */
  private BiFunction<Configuration, BandwidthClass, BandwidthClass> parts =
      (configuration, one) -> one;

  public ClassPlaces(SharedArea area, LiveRecords live, Epochs epochs) {
    this(area.classes(), area.sessions(), live, epochs, ClassBoard.PLACES);
  }

  ClassPlaces(
      ClassBoard board, SessionTable sessions, LiveRecords live, Epochs epochs, int capacity) {
    this.board = board;
    this.sessions = sessions;
    this.live = live;
    this.epochs = epochs;
    this.capacity = capacity;
  }

  /**
   * @param of what of a class's rate is this server's: all of it, unless the cluster shares it
   */
  public void share(BiFunction<Configuration, BandwidthClass, BandwidthClass> of) {
    parts = of;
  }

  /**
   * Finds a place for each class of a configuration that is to come. Changes nothing that live
   * sessions see: a configuration that is not published after all does no harm.
   *
   * @return the places, in the order of the classes, for the new {@link Epoch}
   * @throws StartException where there are too many classes, those of live sessions included
   */
  public int[] assign(Configuration configuration) throws StartException {
    BitSet inUse = inUse();
    byName.values().removeIf(place -> !inUse.get(place));
    List<BandwidthClass> classes = configuration.bandwidth();
    int[] places = new int[classes.size()];
    for (int i = 0; i < places.length; i++) {
      Integer place = byName.get(classes.get(i).name());
      if (place == null) {
        place = inUse.nextClearBit(0);
        if (place >= capacity) {
          throw new StartException(
              "too many bandwidth classes: at most "
                  + capacity
                  + ", those of live sessions that the configuration no longer has included");
        }
        inUse.set(place);
      }
      places[i] = place;
    }
    return places;
  }

  /**
   * Goes on with the places of the mother before this one.
   *
   * @param inForce what she had in force: its rates are, and what the operator has changed of them
   */
  public void inherit(Map<String, Integer> places, Epoch inForce) {
    byName.putAll(places);
    published = inForce;
    inherited = true;
  }

  /** Every class that has a place. */
  public Map<String, Integer> all() {
    return Map.copyOf(byName);
  }

  /**
   * The places that the configuration in force refers to, or one that a live session began with.
   */
  private BitSet inUse() {
    BitSet inUse = new BitSet();
    add(inUse, published);
    BitSet seen = new BitSet();
    live.each(
        record -> {
          int number = sessions.epoch(record);
          if (!seen.get(number)) {
            seen.set(number);
            add(inUse, epochs.get(number));
          }
        });
    return inUse;
  }

  private static void add(BitSet inUse, Epoch epoch) {
    if (epoch != null) {
      for (int place : epoch.classes()) {
        inUse.set(place);
      }
    }
  }

  /**
   * Puts an epoch's rates in force, for live sessions of its classes too; what the operator had
   * changed is undone. No session of the epoch may have begun; those that wait for their rate are
   * told by {@code AllWorkers.classesChanged}.
   */
  public void publish(Epoch epoch) {
    List<BandwidthClass> classes = epoch.configuration().bandwidth();
    long now = System.nanoTime();
    for (int i = 0; i < classes.size(); i++) {
      BandwidthClass one = classes.get(i);
      int place = epoch.classes()[i];
      if (inherited && published.configuration().bandwidth().contains(one)) {
        continue; // as the mother before has it, by the operator's last word
      }
      if (!Integer.valueOf(place).equals(byName.put(one.name(), place))) {
        board.open(place);
      }
      BandwidthClass part = parts.apply(epoch.configuration(), one);
      board.set(place, part.up(), part.down(), part.burst(), now);
    }
    published = epoch;
    inherited = false;
  }
}
