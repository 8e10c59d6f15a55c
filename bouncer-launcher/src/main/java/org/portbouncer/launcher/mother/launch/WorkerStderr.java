package org.portbouncer.launcher.mother.launch;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.launcher.log.WorkerLog;
import org.slf4j.event.Level;

/**
 * What a worker's process writes to standard error: the VM's last words, where it has any. It goes
 * to a pipe of the mother's, who writes it into the server's log under the worker's name: a worker
 * that has her own standard error could write lines under any name, without end. So much at once,
 * which is enough for what a VM says when it fails, and then so much a second; what is more waits
 * in the pipe, and is the worker's loss when that is full, for its end never waits.
 *
 * <p>On the thread of the mother's loop.
 */
public final class WorkerStderr extends Pollable {

  private static final int AT_ONCE = 128 * 1024;
  private static final int PER_SECOND = 4 * 1024;
  private static final long SECOND_NANOS = 1_000_000_000;

  /** What a line costs beyond its bytes: each has a time and a name in front. */
  private static final int LINE_COST = 64;

  private static final int LONGEST_LINE = 2000;

  /** What a VM says of options that it does not take is in the first lines. */
  private static final int MOST_FIRST = 8;

  /** Frames what it says. */
  private static final Pattern AROUND_IT =
      Pattern.compile(
          "Picked up .*|NOTE: Picked up .*|Error occurred during initialization of VM|Error: (Could"
              + " not create the Java Virtual Machine|A fatal exception has occurred).*");

  /** Read in one turn of the loop; others want theirs. */
  private static final int PIECE = 4096;

  private static final MemorySegment MEMORY = Native.allocate(PIECE);

  private final EventLoop loop;
  private final WorkerLog log;
  private final int fd;
  private final List<String> first = new ArrayList<>();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private long left = AT_ONCE;
  private boolean open = true;

  /** Has it read again, when it has had enough for a while. */
  private final Timer pause =
      new Timer() {
        @Override
        protected void expired(long now) {
          left += PER_SECOND;
          if (open) {
            watch();
          }
        }
      };

  /**
   * Reads from now on.
   *
   * @param fd the reading end; closed when nobody writes any more
   */
  public WorkerStderr(EventLoop loop, WorkerLog log, int fd) {
    this.loop = loop;
    this.log = log;
    this.fd = fd;
    watch();
  }

  private void watch() {
    loop.add(this, fd, Const.EPOLLIN);
  }

  @Override
  protected void ready(int events) {
    long length = read();
    if (length == -Errno.EAGAIN || length == -Errno.EINTR) {
      return;
    }
    if (length <= 0) {
      close();
    } else if (left <= 0) {
      loop.remove(this, fd);
      loop.timers().set(pause, loop.now() + SECOND_NANOS);
    }
  }

  private long read() {
    long length = Libc.read(fd, MEMORY.address(), PIECE);
    for (long at = 0; at < length; at++) {
      take(MEMORY.get(JAVA_BYTE, at));
    }
    return length;
  }

  private void take(byte b) {
    if (b == '\n' || line.size() == LONGEST_LINE) {
      write();
    }
    if (b != '\n') {
      line.write(b);
    }
  }

  private void write() {
    if (line.size() > 0) {
      String text = line.toString(StandardCharsets.UTF_8).replace("\t", "    ");
      left -= line.size() + LINE_COST;
      line.reset();
      if (first.size() < MOST_FIRST) {
        first.add(text);
      }
      log.log(Level.ERROR, "stderr: " + text);
    }
  }

  /**
   * Reads no more; what comes is another's.
   *
   * @return the reading end, which is the caller's; -1 where nobody writes any more
   */
  public int release() {
    if (!open) {
      return -1;
    }
    write();
    open = false;
    loop.timers().clear(pause);
    loop.remove(this, fd);
    return fd;
  }

  /** What was said first, in one line, without what any VM says that does not start. */
  public String first() {
    return first.stream()
        .filter(text -> !AROUND_IT.matcher(text).matches())
        .map(String::strip)
        .collect(Collectors.joining("; "));
  }

  /** The process has ended: what it said last is written, but no more than it was due. */
  public void end() {
    while (open && left > 0 && read() > 0) {
      // Until the pipe is empty.
    }
    if (open) {
      close();
    }
  }

  private void close() {
    write();
    open = false;
    loop.timers().clear(pause);
    loop.remove(this, fd);
    Libc.close(fd);
  }
}
