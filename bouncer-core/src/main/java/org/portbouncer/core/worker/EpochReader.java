package org.portbouncer.core.worker;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;
import org.portbouncer.core.config.ConfigCodecException;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Mailbox;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * Reads the configurations that the mother hands over. Those of a reload are read and prepared on a
 * thread beside the loop, one after the other: a hundred thousand networks take a moment, and
 * sessions must not wait for it. In a worker; called on its loop's thread.
 */
final class EpochReader {

  private record Waiting(int fd, int length, Consumer<List<NewEpoch>> then) {}

  private final EventLoop loop;
  private final Stage stage;
  private final Queue<Waiting> queue = new ArrayDeque<>();
  private Mailbox mailbox;
  private boolean busy;

  EpochReader(EventLoop loop, Stage stage) {
    this.loop = loop;
    this.stage = stage;
  }

  /**
   * Reads a file of them at once.
   *
   * @param fd the memory file; closed here
   */
  List<NewEpoch> read(int fd, int length) {
    byte[] bytes = Native.read(fd, length);
    Libc.close(fd);
    try {
      List<NewEpoch> read = new ArrayList<>();
      for (Epoch epoch : EpochCodec.decode(ByteBuffer.wrap(bytes), stage.matchesRules())) {
        read.add(new NewEpoch(epoch, stage.prepare(epoch)));
      }
      return read;
    } catch (ConfigCodecException e) {
      throw new IllegalStateException("the mother's configuration cannot be read", e);
    }
  }

  /**
   * Reads a file of them beside the loop; {@code then} is called on the loop's thread, in their
   * order.
   */
  void readBeside(int fd, int length, Consumer<List<NewEpoch>> then) {
    queue.add(new Waiting(fd, length, then));
    next();
  }

  private void next() {
    if (busy || queue.isEmpty()) {
      return;
    }
    if (mailbox == null) {
      mailbox = new Mailbox(loop);
    }
    busy = true;
    Waiting waiting = queue.poll();
    try {
      Thread.ofPlatform().daemon().name("epoch-reader").start(() -> work(waiting));
    } catch (OutOfMemoryError e) {
      // No thread is to be had. That sessions wait for a moment is better than that they end.
      work(waiting);
    }
  }

  private void work(Waiting waiting) {
    List<NewEpoch> read;
    try {
      read = read(waiting.fd(), waiting.length());
    } catch (Throwable e) {
      // As if it had happened on the loop's thread: the worker ends, and says why.
      mailbox.post(
          () -> {
            throw new IllegalStateException("a new configuration was not taken", e);
          });
      return;
    }
    mailbox.post(
        () -> {
          busy = false;
          waiting.then().accept(read);
          next();
        });
  }
}
