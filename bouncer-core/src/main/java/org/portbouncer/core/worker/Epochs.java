package org.portbouncer.core.worker;

/**
 * The configurations that live sessions refer to, newest last. In every process, on the thread of
 * its loop.
 */
public final class Epochs {

  private Epoch[] known = new Epoch[0];

  /** Adds the newest. */
  public void add(Epoch epoch) {
    Epoch[] more = java.util.Arrays.copyOf(known, known.length + 1);
    more[known.length] = epoch;
    known = more;
  }

  /** The one with this number, or null where it is not known here. */
  public Epoch get(int number) {
    for (int i = known.length - 1; i >= 0; i--) {
      if (known[i].number() == number) {
        return known[i];
      }
    }
    return null;
  }

  public Epoch newest() {
    return known[known.length - 1];
  }
}
