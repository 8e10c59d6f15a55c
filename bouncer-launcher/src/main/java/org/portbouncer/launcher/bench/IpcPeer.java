package org.portbouncer.launcher.bench;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.SynchronousQueue;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.Fields;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

/**
 * One of the two processes of `bench ipc`: one asks and takes the time, the other answers with what
 * it was asked. Told by the command over its control link, as {@link HopPeer} is.
 */
public final class IpcPeer {

  static final int RUN = 1;
  static final int DONE = 2;
  static final int FAILED = 3;

  private final ControlChannel control = new ControlChannel(0);
  private final boolean asks;

  private IpcPeer(boolean asks) {
    this.asks = asks;
  }

  /** Runs until the command closes the link. */
  public static void main(String[] args) {
    new IpcPeer(args[0].equals("ask")).serve();
    Runtime.getRuntime().halt(0);
  }

  private void serve() {
    Waiting waiting = new Waiting(0);
    while (true) {
      int length = control.receive();
      if (length == -Errno.EAGAIN) {
        waiting.readableForEver();
      } else if (length <= 0) {
        return;
      } else {
        try {
          answer();
        } catch (ControlException e) {
          control.closeDescriptors();
          throw new IllegalStateException("the command said what it never says", e);
        }
      }
    }
  }

  private void answer() throws ControlException {
    Fields fields = control.fields();
    int mode = fields.number();
    int trips = fields.number();
    fields.end();
    IpcMode[] modes = IpcMode.values();
    if (control.truncated()
        || control.code() != RUN
        || mode >= modes.length
        || control.descriptorCount() != 2) {
      throw new ControlException("no run");
    }
    int socket = control.take(0);
    int memory = control.take(1);
    long[] nanos = run(modes[mode], trips, socket, memory);
    Libc.close(socket);
    Libc.close(memory);
    Arrays.sort(nanos);
    control.begin(DONE).putLong(percentile(nanos, 50)).putLong(percentile(nanos, 99));
    control.send();
  }

  /** Of sorted times; the answerer has none. */
  private static long percentile(long[] sorted, int percent) {
    return sorted.length == 0 ? 0 : sorted[(int) ((long) sorted.length * percent / 100)];
  }

  private long[] run(IpcMode mode, int trips, int socket, int memory) {
    MemorySegment shared = Native.map(memory, 2 * Ring.BYTES);
    try {
      return switch (mode) {
        case UNIX_DATAGRAM -> datagrams(trips, socket);
        case RING_PER_PEER -> rings(trips, shared, false);
        case SHARED_RING -> rings(trips, shared, true);
        case THREADS -> asks ? threads(trips) : new long[0];
      };
    } finally {
      Libc.munmap(shared.address(), shared.byteSize());
    }
  }

  private long[] datagrams(int trips, int socket) {
    MemorySegment word = Native.allocate(8);
    long[] nanos = new long[asks ? trips : 0];
    for (int i = 0; i < trips; i++) {
      if (asks) {
        long began = System.nanoTime();
        word.set(JAVA_LONG, 0, i);
        send(socket, word);
        receive(socket, word, i);
        nanos[i] = System.nanoTime() - began;
      } else {
        receive(socket, word, i);
        send(socket, word);
      }
    }
    return nanos;
  }

  private static void send(int socket, MemorySegment word) {
    SystemCallException.check("send", (int) Libc.send(socket, word.address(), 8, 0));
  }

  private static void receive(int socket, MemorySegment word, long expected) {
    SystemCallException.check("read", (int) Libc.read(socket, word.address(), 8));
    check(word.get(JAVA_LONG, 0), expected);
  }

  private static void check(long value, long expected) {
    if (value != expected) {
      throw new IllegalStateException("asked " + expected + ", answered " + value);
    }
  }

  /** The ring that the answers come in is the asker's own in both forms; it has one producer. */
  private long[] rings(int trips, MemorySegment shared, boolean claimed) {
    Ring questions = new Ring(shared, 0);
    Ring answers = new Ring(shared, Ring.BYTES);
    long[] nanos = new long[asks ? trips : 0];
    for (int i = 0; i < trips; i++) {
      if (asks) {
        long began = System.nanoTime();
        put(questions, i, claimed);
        check(answers.take(), i);
        nanos[i] = System.nanoTime() - began;
      } else {
        put(answers, questions.take(), claimed);
      }
    }
    return nanos;
  }

  private static void put(Ring ring, long value, boolean claimed) {
    if (claimed) {
      ring.claimAndPut(value);
    } else {
      ring.put(value);
    }
  }

  private static long[] threads(int trips) {
    SynchronousQueue<Long> questions = new SynchronousQueue<>();
    SynchronousQueue<Long> answers = new SynchronousQueue<>();
    Thread other =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try {
                    for (int i = 0; i < trips; i++) {
                      answers.put(questions.take());
                    }
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    long[] nanos = new long[trips];
    try {
      for (int i = 0; i < trips; i++) {
        long began = System.nanoTime();
        questions.put((long) i);
        check(answers.take(), i);
        nanos[i] = System.nanoTime() - began;
      }
      other.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return nanos;
  }
}
