package org.portbouncer.negotiator.cluster;

import java.util.Arrays;
import java.util.Random;
import org.portbouncer.negotiator.cluster.Simulation.Counting;
import org.portbouncer.negotiator.cluster.Simulation.Server;
import org.portbouncer.negotiator.cluster.Simulation.Shape;

/**
 * Servers that want different parts of one bandwidth class, and beside them what one class of all
 * of them would have let pass.
 */
final class Mix {

  private final Simulation all;
  private final long limit;
  private final double[] demands;
  private final double[] before;

  /** What waits for the one class, of each. */
  private final double[] waits;

  private double ofOne;
  private long mostParts;
  private long begunAt;

  /** One wants twice the limit; the others little more than an equal part, less, or nothing. */
  Mix(int servers, long limit, Shape shape, Random random) {
    this.limit = limit;
    all = new Simulation(Counting.BYTES, servers, limit, true, random);
    demands = new double[servers];
    before = new double[servers];
    waits = new double[servers];
    boolean allBusy = random.nextBoolean();
    for (int i = 0; i < servers; i++) {
      double part = allBusy ? 0.1 + 0.85 * random.nextDouble() : 1.2 * random.nextDouble();
      boolean idle = !allBusy && random.nextInt(3) == 0;
      demands[i] = idle ? 0 : part * limit / servers;
    }
    int most = random.nextInt(servers);
    demands[most] = 2.0 * limit;
    for (int i = 0; i < servers; i++) {
      all.servers.get(i).demand = Math.round(demands[i]);
      all.servers.get(i).shape = i == most ? Shape.UNEVEN : shape;
    }
  }

  void run(long ms) {
    for (long end = all.now + ms; all.now < end; ) {
      all.step();
      mostParts = Math.max(mostParts, all.parts());
      for (int i = 0; i < waits.length; i++) {
        waits[i] = Math.min(demands[i], waits[i] + all.servers.get(i).came);
      }
      double[] passes = shared(limit * Simulation.STEP_MS / 1000.0, waits);
      for (int i = 0; i < waits.length; i++) {
        waits[i] -= passes[i];
        ofOne += passes[i];
      }
    }
  }

  /** What passes from now on counts. */
  void begin() {
    begunAt = all.now;
    ofOne = 0;
    mostParts = 0;
    for (int i = 0; i < before.length; i++) {
      before[i] = all.servers.get(i).bytes;
    }
  }

  /** The most that all had together, at any moment. */
  long mostParts() {
    return mostParts;
  }

  double passed() {
    return all.servers.stream().mapToDouble(server -> server.bytes).sum()
        - Arrays.stream(before).sum();
  }

  /** What passed, by what one class of all would have let pass. */
  double used() {
    return passed() / ofOne;
  }

  /** Of what each that wants something got of its fair part. */
  double jain() {
    double[] fair = shared((double) limit, demands);
    double seconds = (all.now - begunAt) / 1000.0;
    double[] got = new double[before.length];
    int count = 0;
    for (int i = 0; i < got.length; i++) {
      Server server = all.servers.get(i);
      if (fair[i] > 0) {
        got[count++] = (server.bytes - before[i]) / seconds / fair[i];
      }
    }
    return Simulation.jain(Arrays.copyOf(got, count));
  }

  /** So much, shared by who wants what: max-min. */
  private static double[] shared(double much, double[] wants) {
    double[] sorted = wants.clone();
    Arrays.sort(sorted);
    double left = much;
    double level = Double.MAX_VALUE;
    for (int k = 0; k < sorted.length; k++) {
      double part = left / (sorted.length - k);
      if (sorted[k] > part) {
        level = part;
        break;
      }
      left -= sorted[k];
    }
    double[] parts = new double[wants.length];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = Math.min(level, wants[i]);
    }
    return parts;
  }
}
