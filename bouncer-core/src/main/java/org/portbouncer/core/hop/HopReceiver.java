package org.portbouncer.core.hop;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.shared.StateSlots;
import org.portbouncer.core.sys.Native;

/**
 * The receiving end of a hop, in every worker on the thread of its loop. A message that is not
 * exactly what {@link Frame} says is refused as a whole and its descriptors are closed: which
 * descriptor belongs to which session can no longer be told.
 */
public final class HopReceiver {

  /** The outcome of {@link #receive} for a message that was refused. */
  public static final int REFUSED = Integer.MIN_VALUE;

  /** The outcome of {@link #receive} for a mark; {@link #mark} tells which. */
  public static final int MARK = Integer.MIN_VALUE + 1;

  /**
   * Larger than any socket buffer that an inbox has; pages that no message reaches stay untouched.
   */
  private static final int BUFFER = 1 << 20;

  /** Where sessions come from, so that they are pooled in one place. */
  public interface Pool {
    Session obtain();

    void release(Session session);
  }

  private final int fd;
  private final Pool pool;
  private final StateSlots slots;
  private final MemorySegment buffer = Native.allocate(BUFFER);
  private final MessageHeader message = new MessageHeader(1);
  private final Session[] sessions = new Session[Frame.SESSIONS];
  private String refusal = "";
  private int refusals;
  private int mark;
  private int lackingFrom;

  // Where parsing is: in the buffer, among the message's descriptors, among its sessions.
  private long at;
  private int descriptor;
  private int good;

  /**
   * Reads an inbox.
   *
   * @param fd its reading end; stays the caller's to close
   * @param slots the shared state area; null where no state travels so
   */
  public HopReceiver(int fd, StateSlots slots, Pool pool) {
    this.fd = fd;
    this.slots = slots;
    this.pool = pool;
  }

  /**
   * Receives one message. The sessions' states lie in the receiver's buffer until the next call; a
   * stage that keeps one longer calls {@link Session#keepState}.
   *
   * @return how many sessions came, to be had from {@link #take}; the negated errno where none did
   *     (EAGAIN: the inbox is empty); {@link #REFUSED} for a message that was refused, {@link
   *     #MARK} for a mark
   */
  public int receive() {
    message.reset();
    message.addVector(buffer.address(), BUFFER);
    long length = message.receive(fd);
    if (length < 0) {
      return (int) length;
    }
    lackingFrom = Frame.SESSIONS;
    if (message.truncated() && !message.lacksDescriptors()) {
      return refuse("truncated", 0);
    }
    if (length < Frame.HEADER || buffer.get(JAVA_INT, 0) != Frame.MAGIC) {
      return refuse("not a hop message of this version", 0);
    }
    int count = buffer.get(JAVA_SHORT, Frame.COUNT) & 0xffff;
    if (count == 0 && length == Frame.MARK_BYTES && message.descriptorCount() == 0) {
      mark = buffer.get(JAVA_INT, Frame.HEADER);
      return MARK;
    }
    if (count == 0 || count > Frame.SESSIONS) {
      return refuse("a count of " + count + " sessions", 0);
    }
    return parse(count, length);
  }

  private int parse(int count, long length) {
    at = Frame.HEADER;
    descriptor = 0;
    good = 0;
    for (int i = 0; i < count; i++) {
      String wrong = parseEntry(length);
      if (wrong != null) {
        return refuse(wrong, good, descriptor);
      }
    }
    if (descriptor != message.descriptorCount()) {
      return refuse("more descriptors than announced", good, descriptor);
    }
    return good;
  }

  /** Makes a session of the entry at {@link #at}; null, or what is wrong with the message. */
  private String parseEntry(long length) {
    if (at + Frame.ENTRY > length) {
      return "an entry beyond the end";
    }
    int mask = buffer.get(JAVA_BYTE, at + Frame.MASK) & 0xff;
    int stateLength = buffer.get(JAVA_INT_UNALIGNED, at + Frame.LENGTH);
    Mode transfer = Mode.withCode(buffer.get(JAVA_BYTE, at + Frame.TRANSFER));
    long reference = buffer.get(JAVA_LONG_UNALIGNED, at + Frame.REFERENCE);
    at += Frame.ENTRY;
    if (transfer == null) {
      return "an unknown transfer";
    }
    boolean lacking = descriptor + Integer.bitCount(mask) > message.descriptorCount();
    if (mask >= 1 << Descriptors.ROLES || lacking && !message.lacksDescriptors()) {
      return "fewer descriptors than announced";
    }
    boolean inline = transfer == Mode.INLINE;
    if (stateLength < 0 || inline && at + stateLength > length) {
      return "a state beyond the end";
    }
    Session session = pool.obtain();
    for (int role = 0; role < Descriptors.ROLES; role++) {
      if ((mask & 1 << role) != 0 && descriptor < message.descriptorCount()) {
        session.descriptors().put(role, message.descriptor(descriptor++));
      }
    }
    if (open(session, transfer, at, stateLength, reference)) {
      if (lacking) {
        lackingFrom = Math.min(lackingFrom, good);
      }
      sessions[good++] = session;
    } else {
      // The frame is intact, so the others in it are what they say.
      pool.release(session);
      refusals++;
    }
    at += inline ? Frame.padded(stateLength) : 0;
    return null;
  }

  /** Finds the state where the transfer says it is. */
  private boolean open(Session session, Mode mode, long at, int length, long reference) {
    boolean good =
        switch (mode) {
          case INLINE -> session.wrapInline(buffer, at, length);
          case FILE_FD ->
              session.descriptors().peek(Descriptors.STATE) >= 0
                  && StateFiles.read(session, length);
          case SHM ->
              slots != null
                  && session.wrapSlot(slots, (int) (reference >>> 32), (int) reference, length);
        };
    if (!good) {
      refusal =
          switch (mode) {
            case INLINE -> "a state that is none";
            case FILE_FD -> "a file without the state announced";
            case SHM -> "a slot of another generation, or without a state";
          };
    }
    return good;
  }

  /**
   * The index of the first session of the last message whose descriptors did not all come, because
   * this process may open no more: from there on they can only be ended.
   */
  public int lackingFrom() {
    return lackingFrom;
  }

  /** Sessions of otherwise good messages that were refused since the last call. */
  public int takeRefusals() {
    int count = refusals;
    refusals = 0;
    return count;
  }

  private int refuse(String why, int descriptorsTaken) {
    return refuse(why, 0, descriptorsTaken);
  }

  private int refuse(String why, int sessionsMade, int descriptorsTaken) {
    refusal = why;
    message.closeDescriptors(descriptorsTaken);
    for (int i = 0; i < sessionsMade; i++) {
      pool.release(take(i));
    }
    return REFUSED;
  }

  /** The token of the last mark. */
  public int mark() {
    return mark;
  }

  /** Moves the session at {@code index} of the last message out. */
  public Session take(int index) {
    Session session = sessions[index];
    sessions[index] = null;
    return session;
  }

  /** Why the last message was refused. */
  public String refusal() {
    return refusal;
  }
}
