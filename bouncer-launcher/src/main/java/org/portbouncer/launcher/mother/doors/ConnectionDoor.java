package org.portbouncer.launcher.mother.doors;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.launcher.figures.PauseReason;

/** A listening socket, whose clients connect. In the mother, on her loop's thread. */
final class ConnectionDoor extends Door {

  /** For the address of one client after the other. */
  private static final MemorySegment ADDRESS = Native.allocate(SockAddr.ROOM + 8L);

  private final MemorySegment local;

  /** Whether all who come now have the options that the listening socket passes on. */
  private boolean ready;

  ConnectionDoor(Acceptor acceptor, ListenSocket socket) {
    super(acceptor, socket);
    this.local = socket.local();
    this.ready = socket.fresh();
  }

  @Override
  boolean accept() {
    int most = acceptor.most();
    for (int i = 0; i < most && !acceptor.lacks(); i++) {
      int record = acceptor.records().allocate();
      if (record < 0) {
        acceptor.shortage(PauseReason.RECORDS, "the session table is full");
        break;
      }
      ADDRESS.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
      int fd =
          Libc.accept4(
              socket().fd(),
              ADDRESS.address(),
              ADDRESS.address() + SockAddr.ROOM,
              Const.SOCK_NONBLOCK | Const.SOCK_CLOEXEC);
      if (fd < 0) {
        acceptor.area().sessions().abandon(record);
        if (!failed(-fd)) {
          // Whoever had come before the options were set has been taken.
          ready |= fd == -Errno.EAGAIN;
          return fd == -Errno.EAGAIN;
        }
      } else {
        admit(fd, record);
      }
    }
    return false;
  }

  /** Whether to try the next client. */
  private boolean failed(int errno) {
    if (Errno.isDescriptorLimit(errno)) {
      acceptor.shortage(PauseReason.DESCRIPTORS, Errno.text(errno));
      return false;
    }
    // accept(2): errors of the new connection are reported here too, and mean the next one.
    return errno != Errno.EAGAIN;
  }

  private void admit(int fd, int record) {
    Admission admission = acceptor.admission();
    Session session = admission.begin(this, fd, record);
    if (SockAddr.family(ADDRESS, 0) == Const.AF_UNIX) {
      SockAddr.putUnnamed(session.state().memory(), session.state().client());
    } else {
      SockAddr.normalize(ADDRESS, 0);
      session.state().client(ADDRESS, 0);
    }
    if (local != null) {
      session.state().local(local, 0);
    }
    session.state().clientReady(ready);
    admission.admit(this, session);
    admission.goOn(this, session);
  }
}
