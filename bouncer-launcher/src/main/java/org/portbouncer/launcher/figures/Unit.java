package org.portbouncer.launcher.figures;

/** What a number is one of, and how many of it make one of the unit that metrics are in. */
public enum Unit {
  /** Things, which have none. */
  COUNT("", 1),
  BYTES("bytes", 1),
  BYTES_PER_SECOND("bytes_per_second", 1),
  SECONDS("seconds", 1),
  MILLISECONDS("seconds", 1e3),
  NANOSECONDS("seconds", 1e9);

  private final String base;
  private final double perBase;

  Unit(String base, double perBase) {
    this.base = base;
    this.perBase = perBase;
  }

  /** The base unit, as it stands in the names of metrics; empty where there is none. */
  public String base() {
    return base;
  }

  /** How many make one of the base unit. */
  public double perBase() {
    return perBase;
  }
}
