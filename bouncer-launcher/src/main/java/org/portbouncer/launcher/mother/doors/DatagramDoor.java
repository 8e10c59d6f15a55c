package org.portbouncer.launcher.mother.doors;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.DatagramDrop;
import org.portbouncer.core.sys.DatagramBatch;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.launcher.figures.PauseReason;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the datagrams of new clients: each client that is known has a socket of its own, bound to
 * the address that it came to and connected to it, so that the kernel sorts. In the mother, on her
 * loop's thread.
 *
 * <p>A session sets out when nothing of its client can come here any more: when all is read that
 * had come before its socket was connected, or so many as the socket that it came by can hold. What
 * it takes that nothing comes to a client's socket before it is connected: {@link ClientSockets}.
 */
final class DatagramDoor extends Door {

  private static final Logger LOG = LoggerFactory.getLogger(DatagramDoor.class);
  private static final long LOG_NANOS = 1_000_000_000;
  private static final long AGAIN_NANOS = 2_000_000;
  private static final int BATCHES = 8;

  private final DatagramRoom room;
  private final ClientTable clients = new ClientTable();

  /** The socket of the door itself, then those of single addresses where it is on all. */
  private final List<DatagramSource> sources = new ArrayList<>();

  private final boolean onAll;
  private final short port;
  private long round;
  private boolean shared;
  private long logged;
  private long looked;

  /** Looks again whether more came before the clients' sockets were connected. */
  private final Timer again =
      new Timer() {
        @Override
        protected void expired(long now) {
          ready(0);
        }
      };

  DatagramDoor(Acceptor acceptor, ListenSocket socket, DatagramRoom room) {
    super(acceptor, socket);
    this.room = room;
    MemorySegment own = Arena.ofAuto().allocate(SockAddr.ROOM + 8L, 8);
    own.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
    Libc.getsockname(socket.fd(), own.address(), own.address() + SockAddr.ROOM);
    port = own.get(JAVA_SHORT, 2);
    onAll = SockAddr.isAny(own, 0);
    sources.add(new DatagramSource(this, socket.fd(), null));
    logged = acceptor.now() - LOG_NANOS;
    looked = logged;
  }

  @Override
  boolean hasClients() {
    return clients.size() > 0;
  }

  @Override
  int watch(EventLoop loop) {
    int errno = super.watch(loop);
    for (int i = 1; i < sources.size() && errno == 0; i++) {
      errno = sources.get(i).watch(loop);
    }
    return errno;
  }

  @Override
  void unwatch(EventLoop loop) {
    super.unwatch(loop);
    for (int i = 1; i < sources.size(); i++) {
      sources.get(i).unwatch(loop);
    }
  }

  @Override
  boolean accept() {
    boolean empty = false;
    for (int i = 0; i < BATCHES && !empty && acceptor.mayAccept(); i++) {
      int came = 0;
      boolean all = true;
      for (int j = 0; j < sources.size() && all; j++) {
        // In this order: what the first still has came before the others were made.
        int count = read(sources.get(j));
        came += Math.max(0, count);
        all = count < room.arrived().most();
      }
      if (all) {
        round++;
      }
      setOut(false);
      empty = all && came == 0 && clients.size() == 0;
    }
    if (clients.size() > 0 && !again.isSet()) {
      acceptor.timers().set(again, acceptor.now() + (acceptor.mayAccept() ? 0 : AGAIN_NANOS));
    }
    share(false);
    countLost();
    return empty;
  }

  /** Takes what has come by one socket; how many, or less than 0. */
  private int read(DatagramSource source) {
    DatagramBatch batch = room.arrived();
    int count = batch.receive(source.fd());
    for (int i = 0; i < count; i++) {
      source.counted();
      SockAddr.normalize(batch.names(), batch.nameAt(i));
      if (batch.local(i, room.local(), 0, port)) {
        take(source, batch, i);
      } else {
        drop(DatagramDrop.NO_ROOM, 1);
      }
    }
    return count;
  }

  private void take(DatagramSource source, DatagramBatch batch, int index) {
    MemorySegment local = room.local();
    long name = batch.nameAt(index);
    NewClient client = clients.find(batch.names(), name, local, 0);
    if (client == null) {
      if (acceptor.admission().isFull(epoch().configuration(), room.clients() + 1)) {
        limited(batch.names(), name, local);
        return;
      }
      client = room.obtain();
      client.begin(batch.names(), name, local, 0);
      client.since(source, round);
      if (!open(client)) {
        room.release(client);
        drop(DatagramDrop.NO_ROOM, 1);
        return;
      }
      clients.add(client);
    }
    client.add(batch.data(), batch.at(index), batch.length(index));
  }

  /** One client too many: the log and the counters say so, and no socket is made. */
  private void limited(MemorySegment client, long at, MemorySegment local) {
    drop(DatagramDrop.ENDED, 1);
    int record = acceptor.records().allocate();
    if (record < 0) {
      return;
    }
    Session session = acceptor.admission().begin(this, -1, record);
    session.state().client(client, at);
    session.state().local(local, 0);
    acceptor.admission().admit(this, session);
    acceptor.admission().refuse(session, Result.LIMITED, Term.BLOCKED);
  }

  /** Makes the client's own socket. */
  private boolean open(NewClient client) {
    share(true);
    MemorySegment addresses = client.addresses();
    if (onAll && !hasSource(addresses) && !addSource(addresses)) {
      return false;
    }
    int fd = ClientSockets.open(addresses);
    if (fd < 0) {
      return failed(-fd, SockAddr.text(addresses, SockAddr.BYTES));
    }
    client.fd = fd;
    return true;
  }

  private boolean hasSource(MemorySegment addresses) {
    for (int i = 1; i < sources.size(); i++) {
      if (sources.get(i).isOf(addresses, SockAddr.BYTES)) {
        return true;
      }
    }
    return false;
  }

  /** Makes a socket of this door for one address of all that it is on. */
  private boolean addSource(MemorySegment addresses) {
    if (sources.size() > DatagramSource.MOST) {
      return failed(Errno.ENOSPC, "one address more of " + socket().endpoint().text());
    }
    int fd = ClientSockets.openSource(addresses);
    if (fd < 0) {
      return failed(-fd, SockAddr.text(addresses, SockAddr.BYTES));
    }
    MemorySegment address = Arena.ofAuto().allocate(SockAddr.BYTES, 8);
    MemorySegment.copy(addresses, SockAddr.BYTES, address, 0, SockAddr.BYTES);
    DatagramSource source = new DatagramSource(this, fd, address);
    int errno = registered() ? source.watch(acceptor.loop()) : 0;
    if (errno != 0) {
      Libc.close(fd);
      return failed(errno, SockAddr.text(address, 0));
    }
    sources.add(source);
    return true;
  }

  /** Others may have the address while a client's socket is bound. */
  private void share(boolean on) {
    if (shared != on) {
      shared = on;
      for (int i = 1; i < sources.size(); i++) {
        sources.get(i).shared(on);
      }
      socket().shared(on);
    }
  }

  private boolean failed(int errno, String what) {
    if (Errno.isDescriptorLimit(errno)) {
      acceptor.shortage(PauseReason.DESCRIPTORS, Errno.text(errno));
    } else if (acceptor.now() - logged >= LOG_NANOS) {
      logged = acceptor.now();
      LOG.warn("no socket for a client of {}: {}", what, Errno.text(errno));
    }
    return false;
  }

  private void drop(DatagramDrop why, long count) {
    if (count > 0) {
      acceptor.area().listeners().dropped(slot(), why, count);
    }
  }

  /** What the kernel had no room for. */
  private void countLost() {
    if (acceptor.now() - looked >= LOG_NANOS) {
      looked = acceptor.now();
      for (DatagramSource source : sources) {
        drop(DatagramDrop.FULL, source.takeLost());
      }
    }
  }

  /**
   * Sends those out of whom nothing can come here any more.
   *
   * @param all everybody, because nobody reads here any more
   */
  private void setOut(boolean all) {
    NewClient first = clients.first();
    while (first != null && (all || first.isComplete(round))) {
      setOut(clients.takeFirst());
      first = clients.first();
    }
  }

  private void setOut(NewClient client) {
    int record = acceptor.records().allocate();
    if (record < 0) {
      acceptor.shortage(PauseReason.RECORDS, "the session table is full");
      drop(DatagramDrop.NO_ROOM, client.count() + client.dropped);
      Libc.close(client.fd);
      room.release(client);
      return;
    }
    drop(DatagramDrop.SETUP, client.dropped);
    Admission admission = acceptor.admission();
    Session session = admission.begin(this, client.fd, record);
    session.state().client(client.addresses(), 0);
    session.state().local(client.addresses(), SockAddr.BYTES);
    admission.admit(this, session);
    acceptor.area().sessions().datagrams().moved(record, 0, 0, client.dropped);
    int errno = admission.add(session, Sections.Type.DATAGRAMS, client.said(), client.length());
    int said = client.count();
    room.release(client);
    if (errno == 0) {
      admission.goOn(this, session);
      return;
    }
    if (Errno.isDescriptorLimit(errno)) {
      acceptor.shortage(PauseReason.DESCRIPTORS, Errno.text(errno));
    }
    drop(DatagramDrop.NO_ROOM, said);
    acceptor.area().sessions().outcome().because(record, Cause.SYSTEM, errno);
    admission.refuse(session, Result.ERROR, Term.RESOURCE);
  }

  @Override
  void close() {
    acceptor.timers().clear(again);
    setOut(true);
    while (sources.size() > 1) {
      sources.removeLast().close(acceptor.loop());
    }
  }
}
