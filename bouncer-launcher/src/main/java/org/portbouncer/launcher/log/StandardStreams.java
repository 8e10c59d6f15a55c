package org.portbouncer.launcher.log;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * Standard output and error of the mother while she serves: whatever any part of the process
 * prints, a library or the JDK itself included, goes through an {@link Outlet} each, so that no
 * reader that does not read, a stopped terminal or a full pipe, can keep a thread that has more to
 * do. The descriptors are left as they are: their file descriptions belong to others, too.
 */
public final class StandardStreams implements AutoCloseable {

  /** What is still unsaid at the end gets so long. */
  private static final long LAST_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final byte[] NONE = {};

  private final PrintStream outBefore = System.out;
  private final PrintStream errBefore = System.err;
  private final Outlet out = new Outlet(1, "stdout", count -> NONE);
  private final Outlet err = new Outlet(2, "stderr", StandardStreams::notice);

  /** Of standard output, one after the other; on one thread. */
  private Relay relay;

  private StandardStreams() {}

  /** Takes them over; before the log begins. */
  public static StandardStreams take() {
    System.out.flush();
    System.err.flush();
    StandardStreams streams = new StandardStreams();
    System.setOut(print(streams.out));
    System.setErr(print(streams.err));
    return streams;
  }

  private static PrintStream print(Outlet outlet) {
    return new PrintStream(new Lines(outlet), false, StandardCharsets.UTF_8);
  }

  private static byte[] notice(long count) {
    return LineLayout.warning("server log lines left out: " + count + "; nobody took them in time")
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Lines for standard error, nearly all of them the server's log, that nobody took in time. */
  public long leftOut() {
    return err.leftOut();
  }

  /**
   * A descriptor that never waits and comes out at standard output; the caller closes it. For where
   * that cannot be opened anew.
   */
  public int relay() {
    relay = new Relay(1);
    return relay.writing();
  }

  /** Gives them back; waits a moment for what was said last. */
  @Override
  public void close() {
    long until = System.nanoTime() + LAST_NANOS;
    err.drain(LAST_NANOS);
    out.drain(Math.max(0, until - System.nanoTime()));
    if (relay != null) {
      relay.drain(Math.max(0, until - System.nanoTime()));
    }
    System.setOut(outBefore);
    System.setErr(errBefore);
  }

  /** Makes lines of what is printed. */
  private static final class Lines extends OutputStream {

    /** A line without an end is none, but it is not to take all memory either. */
    private static final int LONGEST = 64 * 1024;

    private final Outlet outlet;
    private final ByteArrayOutputStream begun = new ByteArrayOutputStream();

    Lines(Outlet outlet) {
      this.outlet = outlet;
    }

    @Override
    public synchronized void write(int b) {
      begun.write(b);
      if (b == '\n' || begun.size() >= LONGEST) {
        pass();
      }
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
      int from = offset;
      for (int at = offset; at < offset + length; at++) {
        if (bytes[at] == '\n' || begun.size() + at - from >= LONGEST) {
          begun.write(bytes, from, at + 1 - from);
          from = at + 1;
          pass();
        }
      }
      begun.write(bytes, from, offset + length - from);
    }

    private void pass() {
      outlet.offer(begun.toByteArray());
      begun.reset();
    }
  }
}
