package org.portbouncer.core.worker;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.sys.Const;

/**
 * Sees that the client of a waiting session resets its connection. A client that has said all it
 * will say and closed its sending side still waits for its answer, and is left alone; so is what it
 * has sent, which stays in its socket. In a worker, on its loop's thread.
 */
abstract class ClientWatch extends Pollable {

  private EventLoop loop;
  private int fd = -1;
  private boolean listens;

  /** The client has reset its connection. {@link #end} may be called from here. */
  abstract void reset();

  /**
   * The client has said something, or that it has said all, where that was asked for.
   *
   * @param ended whether it has said all
   */
  abstract void said(boolean ended);

  /**
   * Begins to watch; a reset that was before is told as well. Where epoll has no room for it
   * nothing is told, and the session's time limit is what is left.
   *
   * @param listens whether it is to be told as well what the client says
   */
  void begin(EventLoop loop, int fd, boolean listens) {
    this.loop = loop;
    // EPOLLERR and EPOLLHUP come unasked; only the changes, for a Unix client that has closed in
    // good order is hung up for good.
    int events = listens ? Const.EPOLLIN | Const.EPOLLRDHUP | Const.EPOLLET : Const.EPOLLET;
    this.listens = listens;
    this.fd = loop.tryAdd(this, fd, events) == 0 ? fd : -1;
  }

  void end() {
    loop.remove(this, fd);
    fd = -1;
  }

  @Override
  protected void ready(int events) {
    // tcp_reset, and unix_release_sock where something was left unread, leave an error behind.
    if ((events & Const.EPOLLERR) != 0) {
      reset();
    } else if (listens) {
      said((events & (Const.EPOLLRDHUP | Const.EPOLLHUP)) != 0);
    }
  }
}
