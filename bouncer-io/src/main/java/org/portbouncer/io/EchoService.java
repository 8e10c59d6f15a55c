package org.portbouncer.io;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;

/** RFC 862: what comes goes back. A direction whose two sides are one. In the io worker. */
final class EchoService implements InternalServices.Service {

  private final EventLoop loop;
  private final Side side;
  private final Direction direction;

  /** Due at once: another turn where one was not enough, after the events of others. */
  private final Timer again =
      new Timer() {
        @Override
        protected void expired(long now) {
          sideReady(side);
        }
      };

  EchoService(EventLoop loop, TransferBuffers buffers) {
    this.loop = loop;
    side = new Side(loop, this);
    direction = new Direction(loop, buffers, new FlowNotes(null, 0));
  }

  @Override
  public int open(int fd) {
    direction.open(-1, side, side, null, 0);
    return side.open(fd);
  }

  @Override
  public void sideReady(Side ignored) {
    direction.pump();
    if (direction.more()) {
      loop.timers().set(again, loop.now() + 1);
    }
  }

  @Override
  public void close() {
    loop.timers().clear(again);
    side.close();
    direction.release();
  }
}
