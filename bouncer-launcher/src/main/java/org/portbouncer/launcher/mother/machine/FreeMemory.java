package org.portbouncer.launcher.mother.machine;

import java.io.IOException;
import java.nio.file.Path;

/**
 * How much memory processes may still take before the kernel has to end one: of the machine, and of
 * the control groups that this one is in. In the mother.
 */
public final class FreeMemory {

  private static final long KIB = 1024;

  private FreeMemory() {}

  /** Bytes; {@link Long#MAX_VALUE} where nothing is known of it. */
  public static long bytes() {
    return bytes(Path.of("/"));
  }

  /**
   * @param root what `/` is, for tests
   */
  static long bytes(Path root) {
    long free = ofMachine(root);
    for (MemoryGroup group : MemoryGroup.all(root)) {
      free = Math.min(free, group.free());
    }
    return free;
  }

  private static long ofMachine(Path root) {
    try {
      long available = MemoryGroup.Figures.of(root.resolve("proc/meminfo"), "MemAvailable:");
      return available < 0 ? Long.MAX_VALUE : available * KIB;
    } catch (IOException | NumberFormatException hidden) {
      return Long.MAX_VALUE;
    }
  }
}
