package org.portbouncer.launcher.privilege;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.LibcIdentity;
import org.portbouncer.core.sys.SystemCallException;

/**
 * Capabilities (capabilities(7)) of the calling thread: each thread has its own, and what it starts
 * gets what it leaves. In the mother.
 */
final class Capabilities {

  /** Two sets of 32; the structure that the kernel calls version 3. */
  private static final int VERSION = 0x20080522;

  private static final int SETS = 2;
  private static final int MOST = 64;

  // struct of each 32: 0 effective u32 | 4 permitted u32 | 8 inheritable u32
  private static final long STRIDE = 12;
  private static final long PERMITTED = 4;

  private Capabilities() {}

  /** Lets this thread keep what it is permitted when it stops being root. */
  static void keepThroughChange() {
    SystemCallException.check("prctl", Libc.prctl(Const.PR_SET_KEEPCAPS, 1, 0, 0, 0));
  }

  /**
   * Has a program that this thread starts, as whatever user, get the one capability that the thread
   * keeps, and nothing else.
   */
  static void passOn(int capability) {
    keepOnly(capability);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment header = arena.allocate(8, 8);
      header.set(JAVA_INT, 0, VERSION);
      MemorySegment data = arena.allocate(SETS * STRIDE, 8);
      SystemCallException.check("capget", LibcIdentity.capget(header.address(), data.address()));
      for (int set = 0; set < SETS; set++) {
        int kept = data.get(JAVA_INT, set * STRIDE + PERMITTED);
        data.set(JAVA_INT, set * STRIDE + 2 * PERMITTED, kept);
      }
      SystemCallException.check("capset", LibcIdentity.capset(header.address(), data.address()));
    }
    SystemCallException.check(
        "prctl", Libc.prctl(Const.PR_CAP_AMBIENT, Const.PR_CAP_AMBIENT_RAISE, capability, 0, 0));
  }

  /** Gives up all but these, and those too that are not permitted. */
  static void keepOnly(int... capabilities) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment header = arena.allocate(8, 8);
      header.set(JAVA_INT, 0, VERSION);
      MemorySegment data = arena.allocate(SETS * STRIDE, 8);
      SystemCallException.check("capget", LibcIdentity.capget(header.address(), data.address()));
      for (int set = 0; set < SETS; set++) {
        int mask = mask(capabilities, set);
        int kept = data.get(JAVA_INT, set * STRIDE + PERMITTED) & mask;
        data.set(JAVA_INT, set * STRIDE, kept);
        data.set(JAVA_INT, set * STRIDE + PERMITTED, kept);
        data.set(JAVA_INT, set * STRIDE + 2 * PERMITTED, 0);
      }
      SystemCallException.check("capset", LibcIdentity.capset(header.address(), data.address()));
    }
  }

  /** Those of one set of 32; what is below 0 is none. */
  private static int mask(int[] capabilities, int set) {
    int mask = 0;
    for (int one : capabilities) {
      mask |= one >= 0 && one / 32 == set ? 1 << one % 32 : 0;
    }
    return mask;
  }

  /**
   * Limits what a program that this thread starts can have. Without the right to limit it, which
   * only a thread with capabilities has, nothing is changed.
   *
   * @param kept the most that it may have
   */
  static void bound(int... kept) {
    Libc.prctl(Const.PR_CAP_AMBIENT, Const.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    for (int capability = 0; capability < MOST; capability++) {
      boolean keep = false;
      for (int one : kept) {
        keep |= one == capability;
      }
      if (!keep && Libc.prctl(Const.PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) {
        return; // not permitted, or beyond the last that this kernel knows
      }
    }
  }
}
