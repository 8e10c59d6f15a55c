package org.portbouncer.core.support;

import java.util.Random;

/** Randomness that can be repeated: prints its seed, and takes one with {@code -Dseed=N}. */
public final class Seed {

  private Seed() {}

  /** A source for one test, named in the line that is printed. */
  public static Random random(Class<?> test) {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println(test.getSimpleName() + " -Dseed=" + seed);
    return new Random(seed);
  }
}
