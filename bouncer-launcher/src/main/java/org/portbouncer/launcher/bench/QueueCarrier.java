package org.portbouncer.launcher.bench;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

/**
 * The article's later prototype: a queue in shared memory into which the sender copies each state
 * and out of which the receiver copies it, while the descriptors go by socket. Locked with fcntl(2)
 * for every message, or only when the queue runs empty or full, when both ends touch the same
 * fields.
 *
 * <pre>
 *   0 written u64 | 64 taken u64 | 128 places, one state each, whole pages
 * </pre>
 */
final class QueueCarrier implements Carrier {

  private static final VarHandle LONG = JAVA_LONG.varHandle();
  private static final int PLACES = 64;
  private static final int WRITTEN = 0;
  private static final int TAKEN = 64;
  private static final long FIRST = 4096;
  private static final int F_SETLKW = 7;
  private static final short F_WRLCK = 1;
  private static final short F_UNLCK = 2;
  private static final long PAUSE_NANOS = 20_000;

  private final HopRun run;
  private final boolean always;
  private final BenchState contents;
  private final RawDatagrams datagrams;
  private final MemorySegment queue;
  private final int lockFd;
  private final long placeBytes;
  private final MemorySegment own;

  // struct flock: 0 type u16 | 2 whence u16 | 8 start | 16 length | 24 pid
  private final MemorySegment flock = Native.allocate(32);

  QueueCarrier(HopRun run, int fd, MemorySegment queue, int lockFd, int[] descriptors) {
    this.run = run;
    this.always = run.mode() == HopMode.SHM_FCNTL;
    this.queue = queue;
    this.lockFd = lockFd;
    contents = new BenchState(run.stateSize());
    datagrams = new RawDatagrams(fd, 64, descriptors);
    placeBytes = placeBytes(run.stateSize());
    own = Native.allocate(run.stateSize());
    MemorySegment.copy(contents.noise(), 0, own, SessionState.BYTES, contents.tailLength());
  }

  @Override
  public void close() {
    Libc.munmap(queue.address(), queue.byteSize());
  }

  private static long placeBytes(int stateSize) {
    return (stateSize + 4095L) / 4096 * 4096;
  }

  /** How much shared memory a queue of such states needs. */
  static long bytes(int stateSize) {
    return FIRST + PLACES * placeBytes(stateSize);
  }

  private long place(long number) {
    return FIRST + number % PLACES * placeBytes;
  }

  private void lock(short type) {
    flock.set(JAVA_SHORT, 0, type);
    flock.set(JAVA_INT, 4, 0);
    int result;
    do {
      result = Libc.fcntlPointer(lockFd, F_SETLKW, flock.address());
    } while (result == -org.portbouncer.core.sys.Errno.EINTR);
    SystemCallException.check("fcntl", result);
  }

  private long get(int field) {
    return (long) LONG.getAcquire(queue, (long) field);
  }

  private void set(int field, long value) {
    LONG.setRelease(queue, (long) field, value);
  }

  @Override
  public void send(long number) {
    contents.stamp(own, SessionState.BYTES, number);
    own.set(JAVA_LONG_UNALIGNED, 0, number);
    own.set(JAVA_LONG_UNALIGNED, 8, contents.checksum(own, SessionState.BYTES, number));
    while (number - get(TAKEN) >= PLACES) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    boolean locked = always || number == get(TAKEN);
    if (locked) {
      lock(F_WRLCK);
    }
    MemorySegment.copy(own, 0, queue, place(number), run.stateSize());
    set(WRITTEN, number + 1);
    if (locked) {
      lock(F_UNLCK);
    }
    datagrams.buffer().set(JAVA_LONG_UNALIGNED, 0, number);
    datagrams.send(8);
  }

  @Override
  public long receive(long next) {
    datagrams.receive(run.fds());
    if (datagrams.buffer().get(JAVA_LONG_UNALIGNED, 0) != next || get(WRITTEN) <= next) {
      throw new IllegalStateException("message " + next + " came out of turn");
    }
    boolean locked = always || get(WRITTEN) - next >= PLACES;
    if (locked) {
      lock(F_WRLCK);
    }
    MemorySegment.copy(queue, place(next), own, 0, run.stateSize());
    set(TAKEN, next + 1);
    if (locked) {
      lock(F_UNLCK);
    }
    contents.check(
        own.get(JAVA_LONG_UNALIGNED, 0),
        (int) own.get(JAVA_LONG_UNALIGNED, 8),
        run.stateSize(),
        own,
        SessionState.BYTES,
        next);
    return next + 1;
  }
}
