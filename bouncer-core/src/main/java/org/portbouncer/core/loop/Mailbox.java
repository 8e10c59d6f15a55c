package org.portbouncer.core.loop;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

/**
 * Lets other threads have something done on a loop's thread: a queue, and an eventfd that wakes it.
 */
public final class Mailbox extends Pollable {

  private final ConcurrentLinkedQueue<Runnable> queue = new ConcurrentLinkedQueue<>();
  private final MemorySegment one = Native.allocate(8);
  private final MemorySegment sink = Native.allocate(8);
  private final int fd;

  private final Consumer<RuntimeException> failed;

  /** Call on the loop's thread. A task that fails ends the loop. */
  public Mailbox(EventLoop loop) {
    this(
        loop,
        e -> {
          throw e;
        });
  }

  /**
   * Call on the loop's thread.
   *
   * @param failed told, on that thread, of a task that has failed; the next ones follow
   */
  public Mailbox(EventLoop loop, Consumer<RuntimeException> failed) {
    this.failed = failed;
    one.set(JAVA_LONG, 0, 1);
    fd =
        SystemCallException.check(
            "eventfd", Libc.eventfd(0, Const.EFD_NONBLOCK | Const.EFD_CLOEXEC));
    loop.add(this, fd, Const.EPOLLIN);
  }

  /** From any thread: {@code task} will run on the loop's. */
  public void post(Runnable task) {
    queue.add(task);
    Libc.write(fd, one.address(), 8);
  }

  @Override
  protected void ready(int events) {
    Libc.read(fd, sink.address(), 8);
    Runnable task;
    while ((task = queue.poll()) != null) {
      try {
        task.run();
      } catch (RuntimeException e) {
        failed.accept(e);
      }
    }
  }
}
