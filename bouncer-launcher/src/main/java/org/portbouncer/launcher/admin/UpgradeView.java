package org.portbouncer.launcher.admin;

/**
 * How an upgrade went.
 *
 * @param from the version that served
 * @param to the version that serves
 * @param pid of the new server; 0 where none was started: the installed version is the one that
 *     runs
 * @param moved live sessions that go on in the new server
 * @param lost those that ended on the way
 * @param left those that the old server goes on with until they end
 * @param why they were not moved; "" where all were
 * @param stoodStill how long the moved ones stood still
 */
public record UpgradeView(
    String from,
    String to,
    long pid,
    int moved,
    int lost,
    int left,
    String why,
    StoodStill stoodStill) {

  /**
   * How long sessions stood still, in microseconds; 0 where there were none.
   *
   * @param median half of them no longer
   * @param p99 99 of 100 no longer
   * @param most none longer
   */
  public record StoodStill(int median, int p99, int most) {

    /** Of these times. */
    public static StoodStill of(int... micros) {
      if (micros.length == 0) {
        return new StoodStill(0, 0, 0);
      }
      int[] sorted = micros.clone();
      java.util.Arrays.sort(sorted);
      return new StoodStill(at(sorted, 50), at(sorted, 99), sorted[sorted.length - 1]);
    }

    private static int at(int[] sorted, int percent) {
      int rank = (int) Math.ceil(sorted.length * percent / 100.0);
      return sorted[Math.max(1, rank) - 1];
    }
  }

  /** Nothing was done: what is installed there is what runs. */
  public static UpgradeView same(String version) {
    return new UpgradeView(version, version, 0, 0, 0, 0, "", StoodStill.of());
  }
}
