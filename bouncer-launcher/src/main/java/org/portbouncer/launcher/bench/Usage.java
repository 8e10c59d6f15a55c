package org.portbouncer.launcher.bench;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.Fields;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * What one process used in one run.
 *
 * @param userUs CPU time in user mode, µs
 * @param systemUs CPU time in the kernel, µs
 * @param wallUs elapsed, µs
 * @param allocated bytes that the working thread allocated on the heap
 */
record Usage(long userUs, long systemUs, long wallUs, long allocated) {

  private static final MemorySegment RUSAGE = Native.allocate(144);
  private static final int RUSAGE_SELF = 0;

  /** The process's use until now. */
  static Usage now() {
    // struct rusage begins with the two times: 0 user s | 8 user µs | 16 system s | 24 system µs
    Libc.getrusage(RUSAGE_SELF, RUSAGE.address());
    long allocated =
        ManagementFactory.getPlatformMXBean(ThreadMXBean.class).getCurrentThreadAllocatedBytes();
    return new Usage(time(0), time(16), System.nanoTime() / 1000, allocated);
  }

  private static long time(long at) {
    return RUSAGE.get(JAVA_LONG, at) * 1_000_000 + RUSAGE.get(JAVA_LONG, at + 8);
  }

  Usage since(Usage before) {
    return new Usage(
        userUs - before.userUs,
        systemUs - before.systemUs,
        wallUs - before.wallUs,
        allocated - before.allocated);
  }

  void put(ByteBuffer packet) {
    packet.putLong(userUs).putLong(systemUs).putLong(wallUs).putLong(allocated);
  }

  /**
   * @throws ControlException where it is anything but what {@link #put} has written
   */
  static Usage get(Fields fields) throws ControlException {
    Usage usage = new Usage(fields.i64(), fields.i64(), fields.i64(), fields.i64());
    fields.end();
    return usage;
  }
}
