package org.portbouncer.launcher.mother.rescue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntPredicate;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Pollable;
import org.portbouncer.core.sys.ChildProcess;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.KeeperProcess;
import org.portbouncer.core.sys.KernelCalls;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Pipes;
import org.portbouncer.core.sys.ProcessState;
import org.portbouncer.core.sys.SystemCallException;

/**
 * The keeper of one io worker: the process in which its descriptors stay open when it has ended,
 * and from which the mother takes them. It ends when she closes the pipe that it reads, and so with
 * her too. On the thread of her loop.
 *
 * <p>The worker says which process it is, and is not believed: it must be a child of the mother's,
 * and have one table of descriptors with the worker. From any other she takes nothing.
 */
public final class Keeper extends Pollable {

  private final EventLoop loop;

  /** The pipe: the end that the keeper reads, until it has been sent, and the mother's. */
  private int reading;

  private int writing;

  private ChildProcess process;

  /** Whether it is what it was said to be. */
  private boolean keeps;

  private Keeper(EventLoop loop, int[] pipe) {
    this.loop = loop;
    reading = pipe[0];
    writing = pipe[1];
  }

  /**
   * Makes the pipe for one.
   *
   * @throws SystemCallException where there is none
   */
  public static Keeper prepare(EventLoop loop) {
    return new Keeper(loop, Pipes.open());
  }

  /** The end that the worker gets; {@link #sent} closes it here. */
  public int reading() {
    return reading;
  }

  public void sent() {
    Libc.close(reading);
    reading = -1;
  }

  /**
   * The worker says that this is its keeper.
   *
   * @param isWorker whether the process is a worker, this or another
   * @return "" or why it is none
   */
  public String found(int worker, int pid, boolean isWorker) {
    if (isWorker || ProcessState.parent(pid) != ProcessHandle.current().pid()) {
      return "process " + pid + " is no child of the server's";
    }
    try {
      process = ChildProcess.adopt(pid);
      loop.add(this, process.pidfd(), Const.EPOLLIN);
    } catch (SystemCallException e) {
      return e.getMessage();
    }
    int same = KernelCalls.compareFiles(worker, pid);
    if (same != 0) {
      return same < 0 ? "kcmp: " + Errno.text(-same) : "it has other descriptors";
    }
    keeps = true;
    int taken = take(0);
    if (taken < 0) {
      keeps = false;
      return "pidfd_getfd: " + Errno.text(-taken);
    }
    Libc.close(taken);
    return "";
  }

  /**
   * Has those reaped that nobody has told her of: their worker died after it had made one, and
   * before it had said so. They end as all do, and would stay as what ps calls defunct.
   *
   * @param known whether a process is a keeper that a worker has told of
   */
  public static void reapStrays(EventLoop loop, IntPredicate known) {
    long own = ProcessHandle.current().pid();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
      for (Path each : all) {
        int pid = Integer.parseInt(String.valueOf(each.getFileName()));
        if (ProcessState.parent(pid) == own
            && Files.readString(each.resolve("comm")).strip().equals(KeeperProcess.NAME)
            && !known.test(pid)) {
          Keeper stray = new Keeper(loop, new int[] {-1, -1});
          stray.process = ChildProcess.adopt(pid);
          loop.add(stray, stray.process.pidfd(), Const.EPOLLIN);
        }
      }
    } catch (IOException | SystemCallException e) {
      // One that went while it was looked at, or too few descriptors: the next death looks again.
    }
  }

  /** Whether it is that process. */
  public boolean is(int pid) {
    return process != null && process.pid() == pid;
  }

  /** Whether descriptors can be taken from it. */
  public boolean keeps() {
    return keeps;
  }

  /** Takes a copy of one of its descriptors, the caller's; or the negated errno. */
  int take(int fd) {
    return !keeps || fd < 0 ? -Errno.EBADF : KernelCalls.pidfdGetfd(process.pidfd(), fd);
  }

  /** Its process, to read its memory, which is the worker's. */
  public ChildProcess process() {
    return process;
  }

  /** Lets it end. */
  public void release() {
    if (reading >= 0) {
      sent();
    }
    if (writing >= 0) {
      Libc.close(writing);
      writing = -1;
    }
    if (keeps) {
      // Who has taken over the worker may have had it do something else than wait.
      process.kill();
    }
  }

  @Override
  protected void ready(int events) {
    loop.remove(this, process.pidfd());
    process.reap();
    process = null;
    keeps = false;
  }
}
