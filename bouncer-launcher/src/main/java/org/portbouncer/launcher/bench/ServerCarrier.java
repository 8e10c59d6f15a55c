package org.portbouncer.launcher.bench;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.hop.HopReceiver;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.hop.StateFiles;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.core.worker.SessionPool;

/**
 * The server's own hop: HopSender and HopReceiver with the state inline, in a file, or in a slot.
 * As in the article a file is made for each message, written and read whole; the server makes one
 * for all five hops of a session and reads it whole once.
 */
final class ServerCarrier implements Carrier {

  private final HopRun run;
  private final BenchState contents;
  private final Waiting waiting;
  private final SessionPool pool = new SessionPool();
  private final StateSlots slots;
  private final StateFiles files;
  private final int[] descriptors;
  private final HopSender sender;
  private final HopReceiver receiver;
  private final MemorySegment tail;

  /** The slots that were filled once: from then on only what changes is written, in place. */
  private final boolean[] filled;

  private ServerCarrier(HopRun run, int fd, StateSlots slots, int[] descriptors, boolean sending) {
    this.run = run;
    this.slots = slots;
    this.descriptors = descriptors;
    contents = new BenchState(run.stateSize());
    waiting = new Waiting(fd);
    files = new StateFiles(run.mode() == HopMode.FILE_FD ? run.directory() : "");
    sender = sending ? new HopSender(fd, 1, this::sent) : null;
    receiver = sending ? null : new HopReceiver(fd, slots, pool);
    tail = Native.allocate(Math.max(8, contents.tailLength()));
    MemorySegment.copy(contents.noise(), 0, tail, 0, contents.tailLength());
    filled = new boolean[slots == null ? 0 : slots.count()];
  }

  static ServerCarrier sending(HopRun run, int fd, StateSlots slots, int[] descriptors) {
    return new ServerCarrier(run, fd, slots, descriptors, true);
  }

  static ServerCarrier receiving(HopRun run, int fd, StateSlots slots) {
    return new ServerCarrier(run, fd, slots, new int[0], false);
  }

  @Override
  public void send(long number) {
    Session session = pool.obtain();
    if (run.mode() == HopMode.SHM) {
      inSlot(session, number);
    } else {
      contents.stamp(tail, 0, number);
      session.create(tail.address(), contents.tailLength());
      session.state().checksum(contents.checksum(tail, 0, number));
    }
    session.state().identify(number, 0, 0);
    if (run.mode() == HopMode.FILE_FD || run.mode() == HopMode.FILE_MEMFD) {
      int errno = files.create(session);
      if (errno != 0) {
        throw new SystemCallException("state file", errno);
      }
    }
    for (int role = 0; role < descriptors.length; role++) {
      session.descriptors().put(role, descriptors[role]);
    }
    sender.offer(session);
    int errno;
    while ((errno = sender.flush()) != 0) {
      if (errno == Errno.EAGAIN) {
        waiting.writable();
      } else if (errno != Errno.ETOOMANYREFS && errno != Errno.ENOBUFS) {
        throw new SystemCallException("sendmsg", errno);
      }
    }
  }

  /**
   * The same descriptors go with every message, as in the article: they are taken back, not closed.
   */
  private void sent(Session session) {
    for (int role = 0; role < descriptors.length; role++) {
      session.descriptors().take(role);
    }
    pool.release(session);
  }

  private void inSlot(Session session, long number) {
    int slot;
    while ((slot = slots.allocate()) < 0) {
      waiting.writable();
      Thread.onSpinWait();
    }
    if (filled[slot]) {
      session.createInSlot(slots, slot, contents.tailLength());
    } else {
      session.createInSlot(slots, slot, contents.noise(), 0, contents.tailLength());
      filled[slot] = true;
    }
    long at = slots.stateAt(slot) + SessionState.BYTES;
    contents.stamp(slots.memory(), at, number);
    session.state().checksum(contents.checksum(slots.memory(), at, number));
  }

  @Override
  public long receive(long next) {
    int count = receiver.receive();
    if (count == -Errno.EAGAIN) {
      waiting.readable();
      return next;
    }
    if (count < 0 || receiver.takeRefusals() > 0) {
      throw new IllegalStateException("message " + next + " was refused: " + receiver.refusal());
    }
    long number = next;
    for (int i = 0; i < count; i++) {
      Session session = receiver.take(i);
      check(session, number++);
      if (session.slot() >= 0) {
        slots.free(session.slot());
      }
      pool.release(session);
    }
    return number;
  }

  private void check(Session session, long number) {
    SessionState state = session.state();
    if (session.transfer() == Mode.FILE_FD) {
      long read = StateFiles.readTail(session, tail.address(), contents.tailLength());
      if (read != contents.tailLength()) {
        throw new IllegalStateException("message " + number + ": its file is short");
      }
      contents.check(state, tail, 0, number);
    } else if (session.slot() >= 0) {
      // The head is a copy, the rest lies where the sender wrote it.
      long at = slots.stateAt(session.slot()) + SessionState.BYTES;
      contents.check(state, slots.memory(), at, number);
    } else {
      contents.check(state, state.memory(), state.base() + SessionState.BYTES, number);
    }
    for (int role = 0; role < run.fds(); role++) {
      int fd = session.descriptors().peek(role);
      if (fd < 0 || number % BenchState.FULL_CHECK == 0 && !open(fd)) {
        throw new IllegalStateException("message " + number + " came without its descriptors");
      }
    }
    if (session.descriptors().peek(Descriptors.STATE) < 0 == (session.transfer() == Mode.FILE_FD)) {
      throw new IllegalStateException("message " + number + " came another way");
    }
  }

  @Override
  public void close() {
    if (slots != null) {
      slots.unmap();
    }
  }

  private static boolean open(int fd) {
    return Libc.fcntl(fd, Const.F_GETFL, 0) >= 0;
  }
}
