package org.portbouncer.negotiator.connect;

import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.worker.SocketSetup;
import org.portbouncer.core.worker.Worker;
import org.portbouncer.negotiator.connect.TargetSockets.Address;

/**
 * One session's connections to the addresses of its target, of which the first that is made wins
 * (RFC 8305, section 5): the next address is tried 250 ms after the last was begun, or as soon as
 * one fails. Where there is one address it is one connect(2). It owns the sockets until one has
 * won. On the thread of the connect worker's loop.
 */
final class AddressRace {

  /** RFC 8305, section 8: the recommended Connection Attempt Delay. */
  private static final long DELAY_NANOS = 250_000_000;

  private static final Address[] NONE = {};

  /** Who wants the connection. Each race ends with one of the first two, or with {@link #clear}. */
  interface Owner {
    /** This one was made first; the descriptor is the owner's. The race is over. */
    void won(int fd, Address address);

    /**
     * Every address has failed. The race is over.
     *
     * @param errno the reason that tells most
     * @param asked whether any of them was asked; else there was no socket to be had
     */
    void lost(int errno, boolean asked);

    /** Something ran out that may come back: {@link #go} goes on with the same address. */
    void shortage(int errno);

    /** No answer yet. */
    void pending();
  }

  private final Worker worker;
  private final TargetSockets sockets;
  private final Owner owner;

  /** Those that have begun and not ended, in the order of their beginning. */
  private Connecting[] open = {new Connecting(this), new Connecting(this)};

  private int count;
  private Address[] addresses = NONE;
  private SocketSetup setup;
  private int next;
  private int errno;
  private boolean asked;

  /** Null while none was asked. */
  private Address last;

  private final Timer delay =
      new Timer() {
        @Override
        protected void expired(long now) {
          go();
        }
      };

  AddressRace(Worker worker, TargetSockets sockets, Owner owner) {
    this.worker = worker;
    this.sockets = sockets;
    this.owner = owner;
  }

  /**
   * Begins; the first address is tried at once.
   *
   * @param setup how the sockets are made; null for no settings
   */
  void begin(Address[] addresses, SocketSetup setup) {
    this.addresses = addresses;
    this.setup = setup;
    go();
  }

  /** Tries the next address, and those behind it while they fail at once. */
  void go() {
    while (next < addresses.length) {
      if (count > 0 && !worker.takeExtraDescriptor()) {
        again();
        return;
      }
      Address address = addresses[next];
      Connecting one = room();
      int result = one.begin(worker.loop(), sockets, setup, address);
      if (one.asked()) {
        asked = true;
        last = address;
      }
      if (result == 0) {
        next++;
        count++;
        won(one);
        return;
      }
      if (result == Errno.EINPROGRESS) {
        next++;
        count++;
        if (next < addresses.length) {
          again();
        }
        owner.pending();
        return;
      }
      if (count > 0) {
        worker.giveExtraDescriptor();
      }
      if (Connecting.isShortage(result, address)) {
        if (count > 0) {
          again();
        } else {
          owner.shortage(result);
        }
        return;
      }
      next++;
      failed(result);
    }
    if (count == 0) {
      owner.lost(errno, asked);
    }
  }

  /** The address that was asked last; null for none, and once the race is won. */
  Address last() {
    return last;
  }

  private Connecting room() {
    if (count == open.length) {
      Connecting[] more = new Connecting[2 * count];
      System.arraycopy(open, 0, more, 0, count);
      for (int i = count; i < more.length; i++) {
        more[i] = new Connecting(this);
      }
      open = more;
    }
    return open[count];
  }

  private void again() {
    worker.loop().timers().set(delay, worker.loop().now() + DELAY_NANOS);
  }

  /** Keeps the reason that tells most: an address of a family that is not here tells little. */
  private void failed(int why) {
    if (errno == 0 || !isOfThisMachine(why)) {
      errno = why;
    }
  }

  private static boolean isOfThisMachine(int errno) {
    return errno == Errno.EAFNOSUPPORT
        || errno == Errno.ENETUNREACH
        || errno == Errno.EADDRNOTAVAIL;
  }

  /** A pending connection has come to something. */
  void ended(Connecting one, int result) {
    if (result == 0) {
      won(one);
      return;
    }
    drop(one);
    failed(result);
    worker.loop().timers().clear(delay);
    go();
  }

  private void won(Connecting winner) {
    Address address = winner.address();
    int fd = winner.take();
    drop(winner);
    clear();
    owner.won(fd, address);
  }

  private void drop(Connecting one) {
    one.close();
    count--;
    for (int i = 0; i < count; i++) {
      if (open[i] == one) {
        System.arraycopy(open, i + 1, open, i, count - i);
        open[count] = one;
      }
    }
    if (count > 0) {
      worker.giveExtraDescriptor();
    }
  }

  /** Ends the race, if there is one: nobody wins. */
  void clear() {
    worker.loop().timers().clear(delay);
    while (count > 0) {
      drop(open[count - 1]);
    }
    addresses = NONE;
    setup = null;
    next = 0;
    errno = 0;
    asked = false;
    last = null;
  }
}
