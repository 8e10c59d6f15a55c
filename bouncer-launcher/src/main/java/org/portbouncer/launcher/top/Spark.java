package org.portbouncer.launcher.top;

/** A graph one line high. */
final class Spark {

  private static final String BLOCKS = "▁▂▃▄▅▆▇█";
  private static final String ASCII = "_.-:=+*#";

  private Spark() {}

  /**
   * Draws values, each step as high as it is against the greatest.
   *
   * @param values oldest first; NaN is left blank
   * @param width columns; where there are more values, each column is the mean of its own
   * @param unicode whether there are block characters
   */
  static String of(double[] values, int width, boolean unicode) {
    int columns = Math.min(width, values.length);
    double[] means = new double[Math.max(0, columns)];
    double greatest = 0;
    for (int i = 0; i < columns; i++) {
      means[i] = mean(values, i * values.length / columns, (i + 1) * values.length / columns);
      greatest = Math.max(greatest, Double.isNaN(means[i]) ? 0 : means[i]);
    }
    StringBuilder graph = new StringBuilder();
    for (double mean : means) {
      graph.append(Double.isNaN(mean) ? ' ' : step(mean, greatest, unicode));
    }
    return graph.toString();
  }

  private static double mean(double[] values, int from, int to) {
    double sum = 0;
    int count = 0;
    for (int i = from; i < to; i++) {
      if (!Double.isNaN(values[i])) {
        sum += values[i];
        count++;
      }
    }
    return count == 0 ? Double.NaN : sum / count;
  }

  /** Nothing is the lowest step, and it alone. */
  private static char step(double value, double greatest, boolean unicode) {
    String steps = unicode ? BLOCKS : ASCII;
    int highest = steps.length() - 1;
    return steps.charAt(value <= 0 ? 0 : Math.max(1, (int) Math.round(highest * value / greatest)));
  }
}
