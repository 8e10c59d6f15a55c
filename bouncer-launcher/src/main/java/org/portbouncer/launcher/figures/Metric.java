package org.portbouncer.launcher.figures;

/**
 * A metric as `/metrics` has it. Several figures may be one, each with a label of its own.
 *
 * @param name without what its kind adds at the end
 * @param help one sentence
 */
public record Metric(Kind kind, String name, String help) {

  /** What a reader may do with its values. */
  public enum Kind {
    /** Never falls while the mother lives. */
    COUNTER("counter", "_total"),
    GAUGE("gauge", ""),
    /** Of times, in seconds. */
    HISTOGRAM("histogram", ""),
    /** Always 1; its labels say something. */
    INFO("gauge", "_info");

    private final String text;
    private final String ending;

    Kind(String text, String ending) {
      this.text = text;
      this.ending = ending;
    }

    /** As the text format and docs/metrics.md say it. */
    public String text() {
      return text;
    }
  }

  static Metric counter(String name, String help) {
    return new Metric(Kind.COUNTER, name, help);
  }

  static Metric gauge(String name, String help) {
    return new Metric(Kind.GAUGE, name, help);
  }

  /** The name that readers see. */
  public String fullName() {
    return name + kind.ending;
  }
}
