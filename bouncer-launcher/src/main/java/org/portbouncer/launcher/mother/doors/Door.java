package org.portbouncer.launcher.mother.doors;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.worker.Epoch;

/**
 * One socket that clients come to, and the configuration that they come to. In the mother, on her
 * loop's thread.
 */
abstract class Door extends Pollable {

  protected final Acceptor acceptor;
  private final ListenSocket socket;
  private Epoch epoch;
  private int listener;
  private int endpoint;

  Door(Acceptor acceptor, ListenSocket socket) {
    this.acceptor = acceptor;
    this.socket = socket;
  }

  final ListenSocket socket() {
    return socket;
  }

  final void leadTo(Epoch epoch, Listeners.Entry entry) {
    this.epoch = epoch;
    this.listener = entry.listener();
    this.endpoint = entry.address();
  }

  final Epoch epoch() {
    return epoch;
  }

  /** Index of its listener in the configuration. */
  final int listener() {
    return listener;
  }

  /** Index of its address in the listener. */
  final int endpoint() {
    return endpoint;
  }

  /** The listener's place in the counters. */
  final int slot() {
    return epoch.places().listeners()[listener];
  }

  /**
   * Has the loop say when clients come.
   *
   * @return 0 or the errno
   */
  int watch(EventLoop loop) {
    return loop.tryAdd(this, socket.fd(), Const.EPOLLIN);
  }

  void unwatch(EventLoop loop) {
    loop.remove(this, socket.fd());
  }

  @Override
  protected final void ready(int events) {
    accept();
    acceptor.adjust();
  }

  /** Takes some of the clients who wait; true where no more do. */
  abstract boolean accept();

  /** Whether it has clients who are not passed on yet. */
  boolean hasClients() {
    return false;
  }

  /** Nobody comes here any more: passes on who came, or lets go of them. */
  void close() {}
}
