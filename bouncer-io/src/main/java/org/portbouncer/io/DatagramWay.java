package org.portbouncer.io;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.session.Datagrams;
import org.portbouncer.core.shared.DatagramDrop;
import org.portbouncer.core.shared.Throttle;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.DatagramBatch;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;

/**
 * One direction of a session of datagrams. Takes many with one call and passes each on as it came:
 * none is cut, none overtakes another. Where the way on has no room what was taken is kept, and
 * nothing more is taken until it has gone. Part of a {@link DatagramFlow}.
 */
final class DatagramWay {

  /** Reads a turn, so that a busy session leaves the others theirs. */
  private static final int READS = 8;

  private final DatagramFlow flow;
  private DatagramSide from;
  private DatagramSide to;
  private Throttle throttle;

  /** What each begins with; null for nothing. */
  private DatagramHead head;

  /** What had no room, made when that happens first; null for nothing. */
  private Leftover left;

  private long datagrams;
  private long bytes;

  /** Datagrams after which it takes no more; 0 for no such end. */
  private long most;

  /** The way whose datagrams these answer, each of which may have one; null where that is open. */
  private DatagramWay asked;

  DatagramWay(DatagramFlow flow) {
    this.flow = flow;
  }

  /**
   * Begins.
   *
   * @param throttle null where there is no limit
   * @param head what each begins with, closed at the end; null for nothing
   */
  void open(DatagramSide from, DatagramSide to, Throttle throttle, DatagramHead head) {
    this.head = head;
    this.from = from;
    this.to = to;
    this.throttle = throttle;
    most = 0;
    asked = null;
    datagrams = 0;
    bytes = 0;
  }

  /**
   * Is done after so many, but not before as many have come as went the other way: who asks twice
   * at once, as resolvers do for addresses of both families, gets both answers.
   *
   * @param most 0 for never
   */
  void endAfter(long most, DatagramWay asked) {
    this.most = most;
    this.asked = asked;
  }

  long datagrams() {
    return datagrams;
  }

  long bytes() {
    return bytes;
  }

  /** Whether it has passed on as many as it is to. */
  boolean done() {
    return most > 0 && datagrams >= Math.max(most, asked.taken());
  }

  /** Datagrams that have gone, or are on their way. */
  private long taken() {
    return datagrams + (left == null ? 0 : left.count());
  }

  /** Whether it could go on at once. */
  boolean more() {
    return left == null && from.readable() && to.writable() && !done();
  }

  /** Passes on what came with the session. */
  void pass(MemorySegment memory, long at, int length) {
    long now = flow.now();
    for (int done = 0; done + Datagrams.HEAD <= length; ) {
      int own = Datagrams.length(memory, at + done);
      pass(memory, at + done + Datagrams.HEAD, own, now);
      done += Datagrams.HEAD + own;
    }
  }

  /**
   * Passes on what has come.
   *
   * @return whether any came
   */
  boolean pump() {
    if (left != null && !passLeft()) {
      return false;
    }
    boolean any = false;
    for (int i = 0; i < READS && from.readable() && left == null && !done(); i++) {
      any |= pumpOnce();
    }
    return any;
  }

  private boolean pumpOnce() {
    DatagramBatch batch = flow.batch();
    int count = batch.receive(from.fd());
    if (count < 0) {
      if (count == -Errno.EAGAIN) {
        from.readAll();
      } else if (count != -Errno.EINTR) {
        failed(from, -count);
      }
      return false;
    }
    long now = flow.now();
    for (int i = 0; i < count && !done(); ) {
      int together = passTrain(batch, i, count);
      if (together == 0) {
        pass(batch.data(), batch.at(i), batch.length(i), now);
        together = 1;
      }
      i += together;
    }
    if (count < batch.most()) {
      from.readAll();
    }
    return count > 0;
  }

  /** An error that a read found belongs to what was sent before: to whom tells what it means. */
  private void failed(DatagramSide side, int errno) {
    if (flow.failed(side, errno) || errno != Errno.ECONNREFUSED) {
      side.readAll();
    }
  }

  /** Passes on the one at {@code index} and those behind it with one call; how many, or 0. */
  private int passTrain(DatagramBatch batch, int index, int end) {
    if (throttle != null || most > 0 || head != null || left != null || end - index < 2) {
      return 0;
    }
    DatagramTrain train = flow.train();
    int count = train.gather(batch, index, end);
    if (!to.forTrain(count, train.each())) {
      return 0;
    }
    long sent = train.write(to.fd());
    if (sent == -Errno.ECONNREFUSED || sent == -Errno.EINTR) {
      if (sent == -Errno.ECONNREFUSED && flow.failed(to, Errno.ECONNREFUSED)) {
        return count;
      }
      sent = train.write(to.fd());
    }
    if (sent >= 0) {
      datagrams += count;
      bytes += sent;
      return count;
    }
    if (sent != -Errno.EAGAIN) {
      to.partNothing();
    }
    return 0;
  }

  private void pass(MemorySegment memory, long at, int length, long now) {
    if (throttle != null && !throttle.police(length, now)) {
      flow.dropped(DatagramDrop.BANDWIDTH, 1);
    } else if (left != null) {
      left.add(memory, at, length);
    } else {
      int errno = send(memory.address() + at, length);
      if (errno == Errno.EAGAIN) {
        to.full();
        left = new Leftover();
        left.add(memory, at, length);
      }
    }
  }

  /** Sends one; 0 where that is done with, whatever came of it, or EAGAIN. */
  private int send(long address, int length) {
    long sent = sendOnce(address, length);
    if (sent == -Errno.ECONNREFUSED || sent == -Errno.EINTR) {
      // It is the answer to one before, and this one has not been sent.
      if (sent == -Errno.ECONNREFUSED && flow.failed(to, Errno.ECONNREFUSED)) {
        return 0;
      }
      sent = sendOnce(address, length);
    }
    if (sent < 0 && sent != -Errno.EAGAIN && to.partNothing()) {
      sent = sendOnce(address, length);
    }
    if (sent >= 0) {
      datagrams++;
      bytes += length;
      return 0;
    }
    if (sent == -Errno.EAGAIN) {
      return Errno.EAGAIN;
    }
    flow.dropped(sent == -Errno.EMSGSIZE ? DatagramDrop.TOO_LONG : DatagramDrop.REFUSED, 1);
    return 0;
  }

  private long sendOnce(long address, int length) {
    if (head != null) {
      return head.write(to.fd(), address, length);
    }
    to.forOne(length);
    // write(2) takes less than send(2): the filter of system calls looks at no argument of it. But
    // for it nothing at all is nothing to send.
    return length > 0
        ? Libc.write(to.fd(), address, length)
        : Libc.send(to.fd(), address, 0, Const.MSG_DONTWAIT | Const.MSG_NOSIGNAL);
  }

  /** Passes on what had no room; true where nothing of it is left. */
  private boolean passLeft() {
    if (!to.writable()) {
      return false;
    }
    Leftover rest = left;
    while (!rest.isEmpty()) {
      int errno = send(rest.address(), rest.length());
      if (errno == Errno.EAGAIN) {
        to.full();
        return false;
      }
      rest.next();
    }
    rest.close();
    left = null;
    return true;
  }

  /** Forgets what is left; that many are lost. */
  void release() {
    if (left != null) {
      flow.dropped(DatagramDrop.ENDED, left.count());
      left.close();
      left = null;
    }
    if (head != null) {
      head.close();
      head = null;
    }
    from = null;
    to = null;
    throttle = null;
    asked = null;
  }
}
