package org.portbouncer.launcher.mother.machine;

import java.nio.file.Path;

/**
 * The least memory that a control group of this process may have, its own or one above: that of a
 * container, or of a unit. In the mother, at the start.
 *
 * @param bytes the limit
 * @param file where it stands
 */
public record MemoryLimit(long bytes, Path file) {

  private static final long MIB = 1 << 20;

  /**
   * What was measured as the least that serves, without sessions: docs/operating.md, "The least it
   * needs". Less than the processes show as theirs: pages of files are thrown out first.
   */
  private static final long MOTHER = 68 * MIB;

  private static final long WORKER = 22 * MIB;

  /** What the mother and so many workers need at the least, in bytes. */
  public static long least(int workers) {
    return MOTHER + workers * WORKER;
  }

  /** Whether so many workers can never all live beneath it. */
  public boolean isTooSmallFor(int workers) {
    return bytes < least(workers);
  }

  /** For a person. */
  public static long mebibytes(long bytes) {
    return bytes / MIB;
  }

  /** That of this process; null where there is none, or none is to be seen. */
  public static MemoryLimit current() {
    return of(Path.of("/"));
  }

  /**
   * @param root what `/` is, for tests
   */
  static MemoryLimit of(Path root) {
    MemoryLimit least = null;
    for (MemoryGroup group : MemoryGroup.all(root)) {
      long bytes = group.limit();
      if (bytes < Long.MAX_VALUE && (least == null || bytes < least.bytes)) {
        least = new MemoryLimit(bytes, group.limitFile());
      }
    }
    return least;
  }
}
