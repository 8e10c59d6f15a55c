package org.portbouncer.launcher.mother.books;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;

/**
 * Gives names their places in a table of counters in shared memory, for good: a counter never goes
 * back, and a name that a reload takes away and another brings back goes on counting. Only when
 * every place has a name, one that nothing refers to any more is cleared for a new one, the longest
 * unused first. In the mother; {@link #snapshot} from any thread.
 *
 * @param <N> what a place is named by
 */
final class NamedPlaces<N> {

  private static final class Place {
    private final int number;
    private int epoch;

    Place(int number) {
      this.number = number;
    }
  }

  private final Map<N, Place> byName = new HashMap<>();
  private final int capacity;
  private final int other;
  private final IntConsumer clear;
  private int used;

  /**
   * @param first the first place to give out
   * @param capacity one past the last
   * @param other the place of names that find none
   * @param clear told of a place before another name gets it
   */
  NamedPlaces(int first, int capacity, int other, IntConsumer clear) {
    this.used = first;
    this.capacity = capacity;
    this.other = other;
    this.clear = clear;
  }

  /**
   * The places of these names, new ones for those that have none yet.
   *
   * @param epoch the configuration that has the names
   * @param oldest the oldest epoch that anything refers to
   */
  synchronized int[] assign(List<N> names, int epoch, int oldest) {
    int[] places = new int[names.size()];
    // Known names first, so that none of them is taken for a new one.
    for (N name : names) {
      Place known = byName.get(name);
      if (known != null) {
        known.epoch = epoch;
      }
    }
    for (int i = 0; i < places.length; i++) {
      Place place = byName.get(names.get(i));
      if (place == null) {
        place = unused(oldest);
        if (place == null) {
          places[i] = other;
          continue;
        }
        place.epoch = epoch;
        byName.put(names.get(i), place);
      }
      places[i] = place.number;
    }
    return places;
  }

  private Place unused(int oldest) {
    if (used < capacity) {
      return new Place(used++);
    }
    N found = null;
    Place longest = null;
    for (Map.Entry<N, Place> entry : byName.entrySet()) {
      Place place = entry.getValue();
      if (place.epoch < oldest && (longest == null || place.epoch < longest.epoch)) {
        found = entry.getKey();
        longest = place;
      }
    }
    if (longest != null) {
      byName.remove(found);
      clear.accept(longest.number);
    }
    return longest;
  }

  /**
   * Goes on with the places that the mother before this one has given out.
   *
   * @param places all of them
   * @param epoch the configuration that is known to have had them
   */
  synchronized void inherit(Map<N, Integer> places, int epoch) {
    places.forEach(
        (name, number) -> {
          Place place = new Place(number);
          place.epoch = epoch;
          byName.put(name, place);
          used = Math.max(used, number + 1);
        });
  }

  /** Every name that has a place. */
  synchronized Map<N, Integer> snapshot() {
    return byName.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().number));
  }
}
