package org.portbouncer.launcher.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

/**
 * One of the two processes that a mode has in `bench hop`: the sender or the receiver. Both live
 * for the whole benchmark, so that what is measured is warm; the command tells them run after run
 * over the control link.
 */
public final class HopPeer {

  /**
   * What the command says: a run; the descriptors are the hop's socket and, where needed, the
   * memory.
   */
  static final int RUN = 1;

  /** What the peer answers. */
  static final int DONE = 2;

  static final int FAILED = 3;

  /** More than wait in the socket, so that the socket is what holds the sender back. */
  private static final int SLOTS = 512;

  private final ControlChannel control = new ControlChannel(0);
  private final boolean sends;
  private final int[] spare;

  private HopPeer(boolean sends) {
    this.sends = sends;
    this.spare = sends ? openSpare() : new int[0];
  }

  /** Runs until the command closes the link. */
  public static void main(String[] args) {
    new HopPeer(args[0].equals("send")).serve();
    Runtime.getRuntime().halt(0);
  }

  /** What stands for the sockets of clients and targets. */
  private static int[] openSpare() {
    try (Arena arena = Arena.ofConfined()) {
      long path = Native.string(arena, "/dev/null");
      return IntStream.range(0, 3)
          .map(
              i ->
                  SystemCallException.check(
                      "open", Libc.open(path, Const.O_RDONLY | Const.O_CLOEXEC, 0)))
          .toArray();
    }
  }

  private void serve() {
    Waiting waiting = new Waiting(0);
    while (true) {
      int length = control.receive();
      if (length == -org.portbouncer.core.sys.Errno.EAGAIN) {
        waiting.readableForEver();
      } else if (length <= 0) {
        return;
      } else {
        answer();
      }
    }
  }

  private void answer() {
    HopRun run;
    try {
      if (control.truncated() || control.code() != RUN) {
        throw new ControlException("no run");
      }
      run = HopRun.get(control.fields());
      if (control.descriptorCount() != (run.mode().hasMemory() ? 2 : 1)) {
        throw new ControlException("a run without its descriptors");
      }
    } catch (ControlException e) {
      control.closeDescriptors();
      throw new IllegalStateException("the command said what it never says", e);
    }
    int socket = control.take(0);
    int memory = run.mode().hasMemory() ? control.take(1) : -1;
    try {
      Usage usage = perform(run, socket, memory);
      usage.put(control.begin(DONE));
    } catch (RuntimeException e) {
      control.begin(FAILED).put(String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8));
    }
    control.send();
    Libc.close(socket);
    if (memory >= 0) {
      Libc.close(memory);
    }
  }

  private Usage perform(HopRun run, int socket, int memory) {
    int messages = run.messages();
    Carrier carrier = carrier(run, socket, memory);
    Usage before = Usage.now();
    if (sends) {
      for (long number = 0; number < messages; number++) {
        carrier.send(number);
      }
    } else {
      long next = 0;
      while (next < messages) {
        next = carrier.receive(next);
      }
    }
    Usage used = Usage.now().since(before);
    carrier.close();
    return used;
  }

  private Carrier carrier(HopRun run, int socket, int memory) {
    int[] descriptors = sends ? java.util.Arrays.copyOf(spare, run.fds()) : new int[0];
    return switch (run.mode()) {
      case INLINE, FILE_FD, FILE_MEMFD ->
          sends
              ? ServerCarrier.sending(run, socket, null, descriptors)
              : ServerCarrier.receiving(run, socket, null);
      case SHM ->
          sends
              ? ServerCarrier.sending(run, socket, StateSlots.openToAllocate(memory), descriptors)
              : ServerCarrier.receiving(run, socket, StateSlots.open(memory));
      case SHM_FCNTL, SHM_LOCK -> {
        MemorySegment queue = Native.map(memory, QueueCarrier.bytes(run.stateSize()));
        yield new QueueCarrier(run, socket, queue, memory, descriptors);
      }
      case INLINE_GZIP -> new GzipCarrier(run, socket, descriptors);
    };
  }

  /** Makes the shared memory that a run needs, in the command; -1 for none. */
  static int memory(HopRun run) {
    return switch (run.mode()) {
      case SHM -> {
        StateSlots slots = StateSlots.create(SLOTS, run.stateSize());
        slots.unmap();
        yield slots.fd();
      }
      case SHM_FCNTL, SHM_LOCK ->
          Native.sharedFile("bouncer-bench", QueueCarrier.bytes(run.stateSize()));
      default -> -1;
    };
  }
}
