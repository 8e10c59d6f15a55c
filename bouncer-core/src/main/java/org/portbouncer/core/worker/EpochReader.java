package org.portbouncer.core.worker;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import org.portbouncer.core.config.ConfigCodecException;
import org.portbouncer.core.config.RuleMemory;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Mailbox;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * Reads the configurations that the mother hands over. Those of a reload are read and prepared on a
 * thread beside the loop, one after the other: thousands of rules take a moment, and sessions must
 * not wait for it. One that cannot be taken is refused, and nothing has changed. In a worker;
 * called on its loop's thread.
 */
final class EpochReader {

  /**
   * What CONFIG brings.
   *
   * @param number the newest of the epochs
   * @param fd the file with all of them; closed here
   * @param rules the files with the networks of their rules, for those that have any; closed here
   */
  record Handed(int number, int length, int fd, int[] rules) {

    private void close() {
      Libc.close(fd);
      for (int file : rules) {
        Libc.close(file);
      }
    }
  }

  /** Told what came of it, on the loop's thread. */
  interface Outcome {
    /** They can be used. */
    void taken(List<NewEpoch> epochs);

    /** They cannot. */
    void refused(int number, String why);
  }

  private record Waiting(Handed handed, Outcome outcome) {}

  private final EventLoop loop;
  private final Stage stage;
  private final Queue<Waiting> queue = new ArrayDeque<>();

  /** Epochs that the mother has taken back, and that may still be on their way here. */
  private final Set<Integer> withdrawn = new HashSet<>();

  private Mailbox mailbox;
  private boolean busy;

  EpochReader(EventLoop loop, Stage stage) {
    this.loop = loop;
    this.stage = stage;
  }

  /** Reads the first ones at once: without them there is nothing to do. */
  List<NewEpoch> read(Handed handed) {
    try {
      return decode(handed);
    } catch (ConfigCodecException e) {
      throw new IllegalStateException("the mother's configuration cannot be read", e);
    } finally {
      handed.close();
    }
  }

  /** Reads others beside the loop; the outcome is told in their order. */
  void readBeside(Handed handed, Outcome outcome) {
    queue.add(new Waiting(handed, outcome));
    next();
  }

  /** An epoch will not come into force: whether it has come by now or not, it is not wanted. */
  void withdraw(int number) {
    if (busy || !queue.isEmpty()) {
      withdrawn.add(number);
    }
  }

  private void next() {
    if (busy) {
      return;
    }
    if (queue.isEmpty()) {
      withdrawn.clear();
      return;
    }
    if (mailbox == null) {
      mailbox = new Mailbox(loop);
    }
    Waiting waiting = queue.poll();
    busy = true;
    try {
      Thread.ofPlatform().daemon().name("epoch-reader").start(() -> work(waiting));
    } catch (OutOfMemoryError e) {
      // No thread is to be had. That sessions wait for a moment is better than that they end.
      work(waiting);
    }
  }

  private void work(Waiting waiting) {
    Handed handed = waiting.handed();
    String lacks = HeapNeed.lacks(HeapNeed.of(handed.length()));
    if (lacks != null) {
      handed.close();
      done(() -> waiting.outcome().refused(handed.number(), lacks));
      return;
    }
    try {
      List<NewEpoch> read = decode(handed);
      done(() -> tell(read, waiting.outcome()));
    } catch (ConfigCodecException | RuntimeException e) {
      done(() -> waiting.outcome().refused(handed.number(), String.valueOf(e.getMessage())));
    } finally {
      handed.close();
    }
  }

  private void done(Runnable then) {
    mailbox.post(
        () -> {
          busy = false;
          then.run();
          next();
        });
  }

  private void tell(List<NewEpoch> read, Outcome outcome) {
    List<NewEpoch> wanted = new ArrayList<>();
    for (NewEpoch one : read) {
      if (withdrawn.contains(one.epoch().number())) {
        one.epoch().close();
      } else {
        wanted.add(one);
      }
    }
    if (!wanted.isEmpty()) {
      outcome.taken(wanted);
    }
  }

  private List<NewEpoch> decode(Handed handed) throws ConfigCodecException {
    List<Epoch> epochs;
    try (Arena arena = Arena.ofConfined()) {
      ByteBuffer bytes = Native.mapConstant(handed.fd(), handed.length(), arena).asByteBuffer();
      epochs =
          EpochCodec.decode(bytes, stage.id().matchesRules() ? new Files(handed.rules()) : null);
    }
    try {
      List<NewEpoch> read = new ArrayList<>();
      for (Epoch epoch : epochs) {
        read.add(new NewEpoch(epoch, stage.prepare(epoch)));
      }
      return read;
    } catch (RuntimeException e) {
      epochs.forEach(Epoch::close);
      throw e;
    }
  }

  /** Opens one file after the other. */
  private static final class Files implements EpochCodec.Rules {

    private final int[] fds;
    private int next;

    Files(int[] fds) {
      this.fds = fds;
    }

    @Override
    public RuleMemory open(long length) throws ConfigCodecException {
      if (next == fds.length) {
        throw new ConfigCodecException("the memory of rules did not come along");
      }
      return RuleMemory.open(fds[next++], length);
    }
  }
}
