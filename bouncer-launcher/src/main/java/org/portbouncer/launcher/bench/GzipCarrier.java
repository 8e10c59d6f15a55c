package org.portbouncer.launcher.bench;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.portbouncer.core.session.SessionState;

/** The article's curiosity: every state compressed before it is sent inline. */
final class GzipCarrier implements Carrier {

  private final HopRun run;
  private final BenchState contents;
  private final RawDatagrams datagrams;
  private final byte[] plain;
  private final MemorySegment state;

  GzipCarrier(HopRun run, int fd, int[] descriptors) {
    this.run = run;
    contents = new BenchState(run.stateSize());
    // What does not compress grows a little.
    datagrams = new RawDatagrams(fd, run.stateSize() + 4096, descriptors);
    plain = new byte[run.stateSize()];
    state = MemorySegment.ofArray(plain);
    MemorySegment.copy(contents.noise(), 0, state, SessionState.BYTES, contents.tailLength());
  }

  @Override
  public void send(long number) {
    contents.stamp(state, SessionState.BYTES, number);
    state.set(JAVA_LONG_UNALIGNED, 0, number);
    ByteArrayOutputStream packed = new ByteArrayOutputStream(run.stateSize());
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(plain);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    byte[] bytes = packed.toByteArray();
    MemorySegment.copy(bytes, 0, datagrams.buffer(), JAVA_BYTE, 0, bytes.length);
    datagrams.send(bytes.length);
  }

  @Override
  public long receive(long next) {
    byte[] bytes = new byte[datagrams.receive(run.fds())];
    MemorySegment.copy(datagrams.buffer(), JAVA_BYTE, 0, bytes, 0, bytes.length);
    byte[] unpacked;
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
      unpacked = in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    MemorySegment came = MemorySegment.ofArray(unpacked);
    // gzip has a checksum over all of it already.
    contents.check(
        came.get(JAVA_LONG_UNALIGNED, 0),
        contents.checksum(came, SessionState.BYTES, next),
        unpacked.length,
        came,
        SessionState.BYTES,
        next);
    return next + 1;
  }
}
