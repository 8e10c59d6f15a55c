package org.portbouncer.core.hop;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.Sockets;

/**
 * The sending end of a hop: gathers sessions and sends as many as fit in one datagram. The state is
 * sent from where it lies, without a copy of ours. Used by the mother and by every stage but io, on
 * the thread of its loop; allocates nothing but to grow its queue.
 *
 * <p>Ownership: a session that was offered belongs to the sender until it is sent; then it goes
 * through {@link Sent} to its next owner, who closes the local descriptors: the receiver has its
 * own. A send that fails keeps it.
 */
public final class HopSender {

  /** What becomes of a session on its way out. */
  public interface Sent {
    /** It is about to be sent: from here on the receiver may have it. */
    default void leaving(Session session) {}

    /** It could not be sent and is the sender's again. */
    default void kept(Session session) {}

    /** Takes a session over that nobody will ever receive. */
    default void undeliverable(Session session) {
      throw new IllegalStateException("the inbox has gone");
    }

    /** Takes a session over whose message the kernel has; its descriptors are to be closed. */
    void sent(Session session);
  }

  /** The most sessions in one message. */
  public static final int MOST_SESSIONS = Frame.SESSIONS;

  private static final int TOO_LARGE_MARGIN = 64;

  /** Large states that may wait in an inbox; see docs/performance.md. */
  private static final int QUEUED = 16;

  /** What the kernel counts for a message beside its bytes, roughly. */
  private static final int PER_MESSAGE = 4096;

  private final Sent sent;
  private int fd;
  private int largest;
  private final int batch;
  private final MessageHeader message = new MessageHeader(SealedHeaders.MAX_VECTORS);
  private final MemorySegment headers =
      Native.allocate(Frame.HEADER + (long) Frame.ENTRY * Frame.SESSIONS);
  private final MemorySegment zeros = Native.allocate(8);

  private final StateFiles spills = new StateFiles("");
  private int spilled;

  private Session[] queue = new Session[64];
  private int head;
  private int size;

  /**
   * @param fd the inbox's writing end; stays the caller's to close
   * @param batch most sessions in one datagram: what the receiver may have to open at once
   * @param sent told of every session sent
   */
  public HopSender(int fd, int batch, Sent sent) {
    this.sent = sent;
    this.batch = Math.min(batch, Frame.SESSIONS);
    leadTo(fd);
  }

  /**
   * Sends to another inbox from now on; call it when nothing waits. Its memory is never freed, so
   * one that is not needed any more serves again.
   */
  public void leadTo(int other) {
    fd = other;
    largest = Math.min(Frame.BYTES, Sockets.sendBuffer(other) - TOO_LARGE_MARGIN);
  }

  public int fd() {
    return fd;
  }

  /** Sessions that wait to be sent. */
  public int waiting() {
    return size;
  }

  /** Takes a session over, to be sent at the next {@link #flush}. */
  public void offer(Session session) {
    if (size == queue.length) {
      Session[] larger = new Session[2 * size];
      for (int i = 0; i < size; i++) {
        larger[i] = at(i);
      }
      queue = larger;
      head = 0;
    }
    queue[head + size & queue.length - 1] = session;
    size++;
  }

  private Session at(int index) {
    return queue[head + index & queue.length - 1];
  }

  /**
   * Sends all that wait.
   *
   * @return 0 where all went out; EAGAIN where the inbox is full, ETOOMANYREFS or ENOBUFS where the
   *     kernel is (all of them: try again later, nothing is lost); another errno where the hop is
   *     broken
   */
  public int flush() {
    int errno = 0;
    while (size > 0 && errno == 0) {
      errno = sendSome();
    }
    return errno;
  }

  // Steps and loops have methods of their own: the compiler makes a loop that runs for long anew,
  // with all that is in its method.

  /** Sends one datagram; 0, also where it is to be tried again at once, or the errno. */
  private int sendSome() {
    int count = gather();
    if (count < 0) {
      return -count;
    }
    leaving(count);
    long result = message.send(fd);
    if (result < 0) {
      kept(count);
      return result == -Errno.EINTR ? 0 : (int) -result;
    }
    sent(count);
    return 0;
  }

  private void leaving(int count) {
    for (int i = 0; i < count; i++) {
      sent.leaving(at(i));
    }
  }

  private void kept(int count) {
    for (int i = 0; i < count; i++) {
      sent.kept(at(i));
    }
  }

  private void sent(int count) {
    for (int i = 0; i < count; i++) {
      sent.sent(next());
    }
  }

  /** Gives up all that wait: nobody reads the inbox any more, nor will. */
  public void giveUp() {
    while (size > 0) {
      sent.undeliverable(next());
    }
  }

  private Session next() {
    Session session = queue[head];
    queue[head] = null;
    head = head + 1 & queue.length - 1;
    size--;
    return session;
  }

  /**
   * Puts as many sessions into the message as one datagram takes, at least one.
   *
   * @return how many, or the negated errno where the first one's file could not be written
   */
  private int gather() {
    message.reset();
    message.addVector(headers.address(), Frame.HEADER);
    long bytes = Frame.HEADER;
    int count = 0;
    int descriptors = 0;
    while (count < size && count < batch) {
      Session session = at(count);
      int errno = prepare(session);
      if (errno != 0) {
        if (count == 0) {
          return -errno;
        }
        break;
      }
      int length = session.transfer() == Mode.INLINE ? session.state().length() : 0;
      int entryBytes = Frame.ENTRY + Frame.padded(length);
      descriptors += Integer.bitCount(session.descriptors().mask());
      if (count > 0 && (bytes + entryBytes > largest || descriptors > Const.SCM_MAX_FD)) {
        break;
      }
      entry(count, session);
      bytes += entryBytes;
      count++;
    }
    headers.set(JAVA_INT, 0, Frame.MAGIC);
    headers.set(JAVA_SHORT, Frame.COUNT, (short) count);
    headers.set(JAVA_SHORT, Frame.COUNT + 2, (short) 0);
    return count;
  }

  /**
   * Brings the state to where it travels: spills what no datagram takes, writes a file's changes
   * and a slot's, and moves what lies in a file that takes none into memory.
   */
  private int prepare(Session session) {
    return switch (session.transfer()) {
      case SHM -> {
        session.updateSlot();
        yield 0;
      }
      case FILE_FD ->
          StateFiles.update(session) == 0 ? 0 : countSpill(spills.moveToMemory(session));
      case INLINE ->
          Frame.HEADER + Frame.ENTRY + session.state().length() <= largest
              ? 0
              : countSpill(spills.createInMemory(session));
    };
  }

  private int countSpill(int errno) {
    if (errno == 0) {
      spilled++;
    }
    return errno;
  }

  private void entry(int index, Session session) {
    Descriptors descriptors = session.descriptors();
    int length = session.state().length();
    long at = Frame.HEADER + (long) index * Frame.ENTRY;
    long reference =
        session.transfer() == Mode.SHM
            ? (long) session.slot() << 32 | session.slotGeneration() & 0xffff_ffffL
            : 0;
    headers.set(JAVA_BYTE, at + Frame.TRANSFER, (byte) session.transfer().code());
    headers.set(JAVA_BYTE, at + Frame.MASK, (byte) descriptors.mask());
    headers.set(JAVA_SHORT, at + Frame.MASK + 1, (short) 0);
    headers.set(JAVA_INT, at + Frame.LENGTH, length);
    headers.set(JAVA_LONG, at + Frame.REFERENCE, reference);
    for (int role = 0; role < Descriptors.ROLES; role++) {
      if (descriptors.peek(role) >= 0) {
        message.addDescriptor(descriptors.peek(role));
      }
    }
    message.addVector(headers.address() + at, Frame.ENTRY);
    if (session.transfer() == Mode.INLINE) {
      message.addVector(session.headAddress(), session.headLength());
      if (session.tailLength() > 0) {
        message.addVector(session.tailAddress(), session.tailLength());
      }
      if (Frame.padded(length) != length) {
        message.addVector(zeros.address(), Frame.padded(length) - length);
      }
    }
  }

  /** How many states were moved to memory because they could not go as they were. */
  public int takeSpilled() {
    int count = spilled;
    spilled = 0;
    return count;
  }

  /** Copies the states of those that wait out of buffers that will be used again. */
  public void keepStates() {
    for (int i = 0; i < size; i++) {
      at(i).keepState();
    }
  }

  /**
   * Gives a hop's socket room for some messages of this size, where what it has from the system
   * would make the sender wait for the receiver after each: then both processes are woken for every
   * message. Small ones already queue by the hundred, which is enough.
   *
   * @param fd the writing end
   * @param stateBytes what a state has, as far as it travels inline
   */
  public static void makeRoom(int fd, int stateBytes) {
    int wanted = QUEUED * (Math.min(stateBytes, Frame.BYTES) + PER_MESSAGE);
    if (wanted > Sockets.sendBuffer(fd)) {
      Sockets.growSendBuffer(fd, wanted);
    }
  }
}
