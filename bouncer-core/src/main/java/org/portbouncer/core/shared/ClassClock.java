package org.portbouncer.core.shared;

/**
 * The clock of a bandwidth class, one way, as it stands for who takes from a line of it now: what
 * {@link Line} asks of the class. Of one {@link Throttle}, which sets it before each take.
 */
final class ClassClock {

  private final ClassBoard classes;
  private final int way;
  private int place;
  private ClassTerms terms;
  private long served;
  private long credit;

  ClassClock(ClassBoard classes, int way) {
    this.classes = classes;
    this.way = way;
  }

  /** From now on it is that of this class. */
  void open(int place) {
    this.place = place;
  }

  /**
   * It stands where these terms have it at this moment.
   *
   * @param now CLOCK_MONOTONIC ns
   * @param behind how many bytes a line may have fallen behind it and still be owed what passed
   * @return this
   */
  ClassClock at(ClassTerms terms, long now, long behind) {
    this.terms = terms;
    served = terms.served(way, now);
    credit = behind;
    return this;
  }

  ClassTerms terms() {
    return terms;
  }

  /** Bytes per second. */
  long rate() {
    return terms.rate(way);
  }

  /** Where it stands. */
  long served() {
    return served;
  }

  /** Where it stood when the present terms began. */
  long begun() {
    return terms.begun(way);
  }

  long credit() {
    return credit;
  }

  /** So many bytes of it passed in which nobody took any, and nobody may any more. */
  void lost(long bytes) {
    classes.addLost(place, way, bytes);
  }
}
