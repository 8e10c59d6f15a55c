package org.portbouncer.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * A pipe for splice(2), which knows how many bytes are in it: the kernel would tell only with one
 * more call. In the io worker, on its loop's thread; {@link PipePool} makes and closes them.
 */
final class Pipe {

  /** Measured: see docs/performance.md, "Sizes". */
  static final int BYTES = 1 << 20;

  /** A smaller one gains nothing over copying. */
  private static final int LEAST_BYTES = 128 * 1024;

  private static final int FLAGS = Const.SPLICE_F_MOVE | Const.SPLICE_F_NONBLOCK;
  private static final MemorySegment PAIR = Native.allocate(8);

  private final int readEnd;
  private final int writeEnd;
  private long bytes;

  private Pipe(int readEnd, int writeEnd) {
    this.readEnd = readEnd;
    this.writeEnd = writeEnd;
  }

  /** Where pipes come from; tests put their own here. */
  interface Maker {
    /** Returns 0 and puts the descriptors, read end first, into {@code pair}; or negated errno. */
    int make(MemorySegment pair);
  }

  /**
   * A pipe from the kernel, as large as it gives: a user near fs.pipe-user-pages-soft, or with a
   * small fs.pipe-max-size, gets less, and one of the two pages that are given beyond the former is
   * no use.
   */
  static int fromKernel(MemorySegment pair) {
    int made = Libc.pipe2(pair.address(), Const.O_NONBLOCK | Const.O_CLOEXEC);
    if (made < 0) {
      return made;
    }
    int size = -1;
    for (int asked = BYTES; size < 0 && asked >= LEAST_BYTES; asked /= 2) {
      size = Libc.fcntl(pair.get(JAVA_INT, 4), Const.F_SETPIPE_SZ, asked);
    }
    if (size < 0) {
      Libc.close(pair.get(JAVA_INT, 0));
      Libc.close(pair.get(JAVA_INT, 4));
      return size;
    }
    return 0;
  }

  /** A pipe with bytes in it, of a session that goes on here; nobody can add to them. */
  static Pipe resumed(int readEnd, long bytes) {
    Pipe pipe = new Pipe(readEnd, -1);
    pipe.bytes = bytes;
    return pipe;
  }

  /** Whether it can be filled again. */
  boolean lasts() {
    return writeEnd >= 0;
  }

  int readEnd() {
    return readEnd;
  }

  long bytes() {
    return bytes;
  }

  /** The pair that {@link Maker#make} has put into {@link #pair}. */
  static Pipe ofPair() {
    return new Pipe(PAIR.get(JAVA_INT, 0), PAIR.get(JAVA_INT, 4));
  }

  static MemorySegment pair() {
    return PAIR;
  }

  /** Moves up to {@code max} bytes in; as splice(2) returns, errno negated. */
  long fill(int fd, long max) {
    long moved = Libc.splice(fd, 0, writeEnd, 0, max, FLAGS);
    if (moved > 0) {
      bytes += moved;
    }
    return moved;
  }

  /** Moves out what {@code fd} takes; as splice(2) returns, errno negated. */
  long drain(int fd) {
    long moved = Libc.splice(readEnd, 0, fd, 0, bytes, FLAGS);
    if (moved > 0) {
      bytes -= moved;
    }
    return moved;
  }

  /** Moves out, the copying way, what fits; for a destination that splice(2) does not do. */
  void drain(CopyPath copy) {
    long read = copy.take(readEnd, Math.min(bytes, copy.room()));
    // One that came with a session may be read by others, whatever they were told.
    bytes -= Math.max(0, read);
  }

  boolean isEmpty() {
    return bytes == 0;
  }

  /** Closes both ends; what is in it is gone. */
  void close() {
    Libc.close(readEnd);
    if (writeEnd >= 0) {
      Libc.close(writeEnd);
    }
  }
}
