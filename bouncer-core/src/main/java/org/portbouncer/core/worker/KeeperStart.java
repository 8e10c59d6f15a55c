package org.portbouncer.core.worker;

import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.KeeperProcess;
import org.portbouncer.core.sys.Seccomp;

/**
 * Starts the keeper of an io worker: a second process with the same descriptors and the same memory
 * that does nothing but wait until the mother lets it end. Whatever ends this process, the sockets
 * of its sessions stay open there, and the mother takes them. It costs a stack, and nothing for a
 * session.
 *
 * <p>It may make even fewer calls than a worker. The filter for that is put on by the thread that
 * starts it, which then ends: what a thread has put on cannot be taken off, and all threads of the
 * worker are to have one of their own next. In an io worker, at its start.
 */
final class KeeperStart {

  private KeeperStart() {}

  /**
   * Starts it.
   *
   * @param filter of system calls, empty for none
   * @param fd ends with the mother, or when she says so
   * @return its pid, or the negated errno
   */
  static int start(byte[] filter, int fd) {
    int[] pid = {-Errno.EAGAIN};
    try {
      KeeperProcess process = KeeperProcess.prepare(fd);
      if (filter.length > 0) {
        rehearse();
      }
      Thread thread =
          new Thread(
              () -> {
                int errno = filter.length == 0 ? 0 : Seccomp.confineThread(filter);
                pid[0] = errno == 0 ? process.start() : -errno;
              },
              KeeperProcess.NAME);
      thread.start();
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return pid[0];
  }

  /**
   * Has a thread put a filter on and end, as the one that starts the keeper does, but for one that
   * may read no file any more: a class that its end takes and no class cache has given by then
   * could not be loaded, and the VM would crash.
   */
  private static void rehearse() throws InterruptedException {
    Thread thread = new Thread(Seccomp::rehearseThread, KeeperProcess.NAME);
    thread.start();
    thread.join();
  }
}
