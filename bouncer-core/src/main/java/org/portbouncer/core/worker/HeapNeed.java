package org.portbouncer.core.worker;

/**
 * What a configuration takes of a process's heap, and whether there is so much. A VM that runs out
 * of heap ends, with all its sessions: so who cannot take a configuration has to know it before.
 * The networks of rules are not in it, they lie in shared memory. In every process.
 */
public final class HeapNeed {

  /**
   * Bytes of heap for each byte of an encoded configuration: 2 were measured for ten thousand small
   * rules, and what is made ready for decisions comes to them.
   */
  private static final int HEAP_PER_BYTE = 6;

  /** What a process must have left for its own work. */
  private static final long RESERVE = Runtime.getRuntime().maxMemory() / 8;

  private HeapNeed() {}

  /** Bytes of heap for a configuration that has so many bytes when it is encoded. */
  public static long of(long encoded) {
    return encoded * HEAP_PER_BYTE;
  }

  /**
   * Looks whether this process has so much heap.
   *
   * @return null where it does; otherwise what is missing, for the operator
   */
  public static String lacks(long bytes) {
    if (left() - RESERVE < bytes) {
      // Much of what is used may be garbage; it is looked for only where that matters.
      System.gc();
    }
    long left = left() - RESERVE;
    return left >= bytes
        ? null
        : "it needs some "
            + mebibytes(bytes)
            + " MiB of heap, and of "
            + mebibytes(Runtime.getRuntime().maxMemory())
            + " MiB "
            + mebibytes(Math.max(0, left))
            + " are left";
  }

  private static long left() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
  }

  private static long mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }
}
