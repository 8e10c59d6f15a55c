package org.portbouncer.core.worker;

import org.portbouncer.core.control.OrphanLink;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Sockets;

/**
 * Where an io worker whose mother has gone is asked for its sessions by the next server: a socket
 * of datagrams that it was given at its start, and that nobody reads before. Who asks sends one end
 * of a link, and is the user whom the worker's own mother was, or is not answered. On the thread of
 * the worker's loop.
 */
final class OrphanDoor extends Pollable {

  private final Worker worker;
  private final OrphanTalk talk;
  private final OrphanLink calls;

  /** The worker's link to its mother, made by the user that it serves. */
  private final int control;

  /**
   * @param fd the socket; -1 for none
   * @param control the worker's link to its mother
   */
  OrphanDoor(
      Worker worker,
      Stage stage,
      Arrivals arrivals,
      Held held,
      SessionEnd ends,
      int fd,
      int control) {
    this.worker = worker;
    this.control = control;
    this.calls = fd < 0 ? null : new OrphanLink(fd);
    this.talk =
        new OrphanTalk(
            worker, stage, arrivals, held, session -> departed(session, ends), this::open);
  }

  /** Hears calls from now on. */
  void open() {
    if (calls != null) {
      worker.loop().tryAdd(this, calls.fd(), Const.EPOLLIN | Const.EPOLLRDHUP);
    }
  }

  private void departed(Session session, SessionEnd ends) {
    SessionTable table = worker.table();
    int record = session.state().record();
    int generation = table.generation(record);
    worker.pool().release(session);
    ends.departed(record, generation);
  }

  @Override
  protected void ready(int events) {
    if ((events & Const.EPOLLRDHUP) != 0) {
      // One of those who have it has shut it down for all: it would be readable for ever.
      worker.loop().remove(this, calls.fd());
      return;
    }
    int link = calls.takeCall();
    if (link < 0) {
      return;
    }
    if (!isOurs(link)) {
      Libc.close(link);
      return;
    }
    worker.loop().remove(this, calls.fd());
    talk.begin(link);
  }

  private boolean isOurs(int link) {
    return Sockets.option(link, Const.SOL_SOCKET, Const.SO_DOMAIN) == Const.AF_UNIX
        && Sockets.option(link, Const.SOL_SOCKET, Const.SO_TYPE) == Const.SOCK_SEQPACKET
        && Sockets.peerUser(link) == Sockets.peerUser(control);
  }
}
