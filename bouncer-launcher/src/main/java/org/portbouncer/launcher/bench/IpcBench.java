package org.portbouncer.launcher.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketPair;
import org.newsclub.net.unix.FileDescriptorCast;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * Round trips between two processes, and between two threads of one, in turn; medians over the
 * runs. In the command; the work is done by two {@link IpcPeer} processes.
 */
public final class IpcBench implements AutoCloseable {

  private static final int WARM_UP_TRIPS = 20_000;

  /** The medians of one mode's runs, in µs. */
  public record Row(IpcMode mode, double p50, double p99) {}

  private final PeerLink asker;
  private final PeerLink answerer;

  /** Starts the two processes. */
  public IpcBench() throws IOException {
    asker = new PeerLink(IpcPeer.class, "ask");
    answerer = new PeerLink(IpcPeer.class, "answer");
  }

  /**
   * Measures.
   *
   * @param trips round trips in each run
   * @param runs rounds, after one that is not counted
   * @param progress told what is done and what all of it is, in runs
   */
  public List<Row> measure(int trips, int runs, Consumer<int[]> progress) throws IOException {
    Map<IpcMode, double[]> p50 = new EnumMap<>(IpcMode.class);
    Map<IpcMode, double[]> p99 = new EnumMap<>(IpcMode.class);
    int done = 0;
    int total = (runs + 1) * IpcMode.values().length;
    for (int round = 0; round <= runs; round++) {
      for (IpcMode mode : IpcMode.values()) {
        long[] nanos = run(mode, round == 0 ? WARM_UP_TRIPS : trips);
        if (round > 0) {
          p50.computeIfAbsent(mode, m -> new double[runs])[round - 1] = nanos[0] / 1e3;
          p99.computeIfAbsent(mode, m -> new double[runs])[round - 1] = nanos[1] / 1e3;
        }
        progress.accept(new int[] {++done, total});
      }
    }
    List<Row> rows = new ArrayList<>();
    for (IpcMode mode : IpcMode.values()) {
      rows.add(new Row(mode, median(p50.get(mode)), median(p99.get(mode))));
    }
    return rows;
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  private long[] run(IpcMode mode, int trips) throws IOException {
    AFUNIXSocketPair<AFUNIXDatagramChannel> pair = AFUNIXSocketPair.openDatagram();
    int memory = Native.sharedFile("bouncer-bench", 2 * Ring.BYTES);
    try (AFUNIXDatagramChannel one = pair.getSocket1();
        AFUNIXDatagramChannel other = pair.getSocket2()) {
      one.setShutdownOnClose(false);
      other.setShutdownOnClose(false);
      answerer.startTrips(mode, trips, raw(other), memory);
      asker.startTrips(mode, trips, raw(one), memory);
      long[] result = asker.awaitTrips();
      answerer.awaitTrips();
      return result;
    } finally {
      Libc.close(memory);
    }
  }

  private static int raw(AFUNIXDatagramChannel channel) throws IOException {
    return FileDescriptorCast.using(channel.getFileDescriptor()).as(Integer.class);
  }

  @Override
  public void close() throws IOException {
    asker.close();
    answerer.close();
  }
}
