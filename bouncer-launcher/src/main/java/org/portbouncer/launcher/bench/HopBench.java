package org.portbouncer.launcher.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.newsclub.net.unix.AFUNIXDatagramChannel;
import org.newsclub.net.unix.AFUNIXSocketPair;
import org.newsclub.net.unix.FileDescriptorCast;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.sys.Libc;

/**
 * The test of "IPC performance: sockets vs files", on the server's own hop code: a sending and a
 * receiving process, the modes in turn run by run, the CPU time of both processes added up, medians
 * over the runs. In the command; the work is done by {@link HopPeer} processes, two for each mode.
 */
public final class HopBench implements AutoCloseable {

  private static final long WARM_UP_BYTES = 4L << 30;

  /** What one run of one mode cost both processes, in seconds for the messages asked for. */
  record Cost(double user, double system, double wall, double allocatedPerMessage) {
    double sum() {
      return user + system;
    }
  }

  /** The medians of one mode's runs. */
  public record Row(
      HopMode mode, double user, double system, double sum, double wall, double allocated) {}

  /** The two processes of a mode. */
  private record Pair(PeerLink sender, PeerLink receiver) {}

  /**
   * Each mode has processes of its own, as a server has one mode: code that was compiled for
   * several at once would be slower for each, and by how much would depend on their order.
   */
  private final Map<HopMode, Pair> pairs = new EnumMap<>(HopMode.class);

  private Pair pair(HopMode mode) throws IOException {
    Pair pair = pairs.get(mode);
    if (pair == null) {
      pair = new Pair(new PeerLink(HopPeer.class, "send"), new PeerLink(HopPeer.class, "receive"));
      pairs.put(mode, pair);
    }
    return pair;
  }

  /**
   * Measures.
   *
   * @param modes which, in the order of each round
   * @param runs rounds, after one that is not counted and is shorter
   * @param progress told what is done and what all of it is, in runs
   */
  public List<Row> measure(
      List<HopMode> modes,
      int stateSize,
      int fds,
      int messages,
      int runs,
      String directory,
      Consumer<int[]> progress)
      throws IOException {
    int total = modes.size() * (runs + 1);
    int done = 0;
    Map<HopMode, List<Cost>> costs = new EnumMap<>(HopMode.class);
    for (int round = 0; round <= runs; round++) {
      for (HopMode mode : modes) {
        boolean warmUp = round == 0;
        int asked = warmUp ? warmUp(messages, stateSize) : messages;
        int measured = mode.measured(asked);
        Cost cost = run(new HopRun(mode, stateSize, fds, measured, directory), asked);
        if (!warmUp) {
          costs.computeIfAbsent(mode, m -> new ArrayList<>()).add(cost);
        }
        progress.accept(new int[] {++done, total});
      }
    }
    List<Row> rows = new ArrayList<>();
    for (HopMode mode : modes) {
      List<Cost> of = costs.get(mode);
      rows.add(
          new Row(
              mode,
              median(of, Cost::user),
              median(of, Cost::system),
              median(of, Cost::sum),
              median(of, Cost::wall),
              median(of, Cost::allocatedPerMessage)));
    }
    return rows;
  }

  /**
   * How many messages compile what is measured: some thousands, but of the largest states no more
   * than a few gigabytes, whose copying takes longer than the compiler.
   */
  private static int warmUp(int messages, int stateSize) {
    int wanted = Math.max(2_000, Math.min(messages, 30_000));
    return Math.clamp(WARM_UP_BYTES / Math.max(1, stateSize), 100, wanted);
  }

  private static double median(List<Cost> costs, ToDoubleFunction<Cost> value) {
    double[] sorted = costs.stream().mapToDouble(value).toArray();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private Cost run(HopRun run, int asked) throws IOException {
    Pair peers = pair(run.mode());
    AFUNIXSocketPair<AFUNIXDatagramChannel> pair = AFUNIXSocketPair.openDatagram();
    int memory = HopPeer.memory(run);
    try (AFUNIXDatagramChannel writing = pair.getSocket1();
        AFUNIXDatagramChannel reading = pair.getSocket2()) {
      writing.setShutdownOnClose(false);
      reading.setShutdownOnClose(false);
      if (run.mode() == HopMode.INLINE || run.mode() == HopMode.INLINE_GZIP) {
        HopSender.makeRoom(raw(writing), run.stateSize());
      }
      peers.receiver().start(run, raw(reading), memory);
      peers.sender().start(run, raw(writing), memory);
      Usage sent = peers.sender().await();
      Usage received = peers.receiver().await();
      double scale = (double) asked / run.messages() / 1e6;
      return new Cost(
          (sent.userUs() + received.userUs()) * scale,
          (sent.systemUs() + received.systemUs()) * scale,
          Math.max(sent.wallUs(), received.wallUs()) * scale,
          (double) (sent.allocated() + received.allocated()) / run.messages());
    } finally {
      if (memory >= 0) {
        Libc.close(memory);
      }
    }
  }

  private static int raw(AFUNIXDatagramChannel channel) throws IOException {
    return FileDescriptorCast.using(channel.getFileDescriptor()).as(Integer.class);
  }

  @Override
  public void close() throws IOException {
    for (Pair pair : pairs.values()) {
      pair.sender().close();
      pair.receiver().close();
    }
  }
}
