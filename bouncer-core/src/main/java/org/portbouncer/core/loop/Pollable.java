package org.portbouncer.core.loop;

/**
 * Something that waits for a descriptor in an {@link EventLoop}. Belongs to the thread of its loop.
 */
public abstract class Pollable {

  /** Its place in the loop; -1 while it is not registered. Written by the loop alone. */
  int place = -1;

  /**
   * Called by the loop with EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP and EPOLLRDHUP as epoll(7) gives
   * them.
   */
  protected abstract void ready(int events);

  /** Whether the loop watches it now. */
  public final boolean registered() {
    return place >= 0;
  }
}
