package org.portbouncer.io;

import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;

/**
 * RFC 863: what comes is thrown away; the end of the stream is answered with ours. In the io
 * worker.
 */
final class DiscardService implements InternalServices.Service {

  private static final int READS_PER_TURN = 8;

  private final EventLoop loop;
  private final TransferBuffers buffers;
  private final Side side;
  private final Timer again =
      new Timer() {
        @Override
        protected void expired(long now) {
          sideReady(side);
        }
      };

  DiscardService(EventLoop loop, TransferBuffers buffers) {
    this.loop = loop;
    this.buffers = buffers;
    side = new Side(loop, this);
  }

  @Override
  public int open(int fd) {
    return side.open(fd);
  }

  @Override
  public void sideReady(Side ignored) {
    for (int reads = 0; side.readable(); reads++) {
      if (reads == READS_PER_TURN) {
        loop.timers().set(again, loop.now() + 1);
        return;
      }
      long read = Libc.read(side.fd(), buffers.shared().address(), TransferBuffers.BYTES);
      if (read == -Errno.EAGAIN) {
        side.readNothing();
      } else if (read <= 0 && read != -Errno.EINTR) {
        side.readNothing();
        side.shutdownWrite();
      }
    }
  }

  @Override
  public void close() {
    loop.timers().clear(again);
    side.close();
  }
}
