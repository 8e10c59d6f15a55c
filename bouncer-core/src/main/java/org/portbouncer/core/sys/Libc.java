package org.portbouncer.core.sys;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * System calls by the names of their man pages, through java.lang.foreign. Runs in every process.
 *
 * <p>Each returns what the call returns, or the negated errno (see {@link Errno}) where it failed,
 * as the kernel itself does: no exception, no allocation, and no errno left lying for another call
 * to overwrite. Addresses are raw; the caller keeps the memory alive and long enough.
 *
 * <p>Each function is linked when it is first called, so that a process pays only for what it uses.
 */
public final class Libc {

  private Libc() {}

  private static RuntimeException broken(String name, Throwable cause) {
    return new IllegalStateException(name + " cannot be called", cause);
  }

  /** read(2). */
  public static long read(int fd, long buffer, long length) {
    MemorySegment area = LibcBindings.area();
    try {
      long result = (long) ReadCall.HANDLE.invokeExact(area, fd, buffer, length);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("read", e);
    }
  }

  private static final class ReadCall {
    static final MethodHandle HANDLE = LibcBindings.bind("read", "lill");
  }

  /** write(2). */
  public static long write(int fd, long buffer, long length) {
    MemorySegment area = LibcBindings.area();
    try {
      long result = (long) WriteCall.HANDLE.invokeExact(area, fd, buffer, length);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("write", e);
    }
  }

  private static final class WriteCall {
    static final MethodHandle HANDLE = LibcBindings.bind("write", "lill");
  }

  /** recvmsg(2). */
  public static long recvmsg(int fd, long msghdr, int flags) {
    MemorySegment area = LibcBindings.area();
    try {
      long result = (long) RecvmsgCall.HANDLE.invokeExact(area, fd, msghdr, flags);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("recvmsg", e);
    }
  }

  private static final class RecvmsgCall {
    static final MethodHandle HANDLE = LibcBindings.bind("recvmsg", "lili");
  }

  /** sendmsg(2). */
  public static long sendmsg(int fd, long msghdr, int flags) {
    MemorySegment area = LibcBindings.area();
    try {
      long result = (long) SendmsgCall.HANDLE.invokeExact(area, fd, msghdr, flags);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("sendmsg", e);
    }
  }

  private static final class SendmsgCall {
    static final MethodHandle HANDLE = LibcBindings.bind("sendmsg", "lili");
  }

  /** send(2). */
  public static long send(int fd, long buffer, long length, int flags) {
    MemorySegment area = LibcBindings.area();
    try {
      long result = (long) SendCall.HANDLE.invokeExact(area, fd, buffer, length, flags);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("send", e);
    }
  }

  private static final class SendCall {
    static final MethodHandle HANDLE = LibcBindings.bind("send", "lilli");
  }

  /** splice(2); blocks unless the sockets themselves are non-blocking. */
  public static long splice(int in, long offIn, int out, long offOut, long length, int flags) {
    MemorySegment area = LibcBindings.area();
    try {
      long result =
          (long) SpliceCall.HANDLE.invokeExact(area, in, offIn, out, offOut, length, flags);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("splice", e);
    }
  }

  private static final class SpliceCall {
    static final MethodHandle HANDLE = LibcBindings.bind("splice", "lililli");
  }

  /** socket(2). */
  public static int socket(int domain, int type, int protocol) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) SocketCall.HANDLE.invokeExact(area, domain, type, protocol);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("socket", e);
    }
  }

  private static final class SocketCall {
    static final MethodHandle HANDLE = LibcBindings.bind("socket", "iiii");
  }

  /** socketpair(2). */
  public static int socketpair(int domain, int type, int protocol, long pair) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) SocketpairCall.HANDLE.invokeExact(area, domain, type, protocol, pair);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("socketpair", e);
    }
  }

  private static final class SocketpairCall {
    static final MethodHandle HANDLE = LibcBindings.bind("socketpair", "iiiil");
  }

  /** bind(2). */
  public static int bind(int fd, long address, int length) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) BindCall.HANDLE.invokeExact(area, fd, address, length);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("bind", e);
    }
  }

  private static final class BindCall {
    static final MethodHandle HANDLE = LibcBindings.bind("bind", "iili");
  }

  /** listen(2). */
  public static int listen(int fd, int backlog) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) ListenCall.HANDLE.invokeExact(area, fd, backlog);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("listen", e);
    }
  }

  private static final class ListenCall {
    static final MethodHandle HANDLE = LibcBindings.bind("listen", "iii");
  }

  /** accept4(2). */
  public static int accept4(int fd, long address, long length, int flags) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) Accept4Call.HANDLE.invokeExact(area, fd, address, length, flags);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("accept4", e);
    }
  }

  private static final class Accept4Call {
    static final MethodHandle HANDLE = LibcBindings.bind("accept4", "iilli");
  }

  /** connect(2). */
  public static int connect(int fd, long address, int length) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) ConnectCall.HANDLE.invokeExact(area, fd, address, length);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("connect", e);
    }
  }

  private static final class ConnectCall {
    static final MethodHandle HANDLE = LibcBindings.bind("connect", "iili");
  }

  /** shutdown(2). */
  public static int shutdown(int fd, int how) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) ShutdownCall.HANDLE.invokeExact(area, fd, how);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("shutdown", e);
    }
  }

  private static final class ShutdownCall {
    static final MethodHandle HANDLE = LibcBindings.bind("shutdown", "iii");
  }

  /** close(2); never repeated on EINTR, Linux has closed by then. */
  public static int close(int fd) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) CloseCall.HANDLE.invokeExact(area, fd);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("close", e);
    }
  }

  private static final class CloseCall {
    static final MethodHandle HANDLE = LibcBindings.bind("close", "ii");
  }

  /** getsockopt(2). */
  public static int getsockopt(int fd, int level, int option, long value, long length) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) GetsockoptCall.HANDLE.invokeExact(area, fd, level, option, value, length);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("getsockopt", e);
    }
  }

  private static final class GetsockoptCall {
    static final MethodHandle HANDLE = LibcBindings.bind("getsockopt", "iiiill");
  }

  /** setsockopt(2). */
  public static int setsockopt(int fd, int level, int option, long value, int length) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) SetsockoptCall.HANDLE.invokeExact(area, fd, level, option, value, length);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("setsockopt", e);
    }
  }

  private static final class SetsockoptCall {
    static final MethodHandle HANDLE = LibcBindings.bind("setsockopt", "iiiili");
  }

  /** getsockname(2). */
  public static int getsockname(int fd, long address, long length) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) GetsocknameCall.HANDLE.invokeExact(area, fd, address, length);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("getsockname", e);
    }
  }

  private static final class GetsocknameCall {
    static final MethodHandle HANDLE = LibcBindings.bind("getsockname", "iill");
  }

  /** epoll_create1(2). */
  public static int epollCreate1(int flags) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) EpollCreate1Call.HANDLE.invokeExact(area, flags);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("epoll_create1", e);
    }
  }

  private static final class EpollCreate1Call {
    static final MethodHandle HANDLE = LibcBindings.bind("epoll_create1", "ii");
  }

  /** epoll_ctl(2). */
  public static int epollCtl(int epfd, int op, int fd, long event) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) EpollCtlCall.HANDLE.invokeExact(area, epfd, op, fd, event);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("epoll_ctl", e);
    }
  }

  private static final class EpollCtlCall {
    static final MethodHandle HANDLE = LibcBindings.bind("epoll_ctl", "iiiil");
  }

  /** epoll_wait(2). */
  public static int epollWait(int epfd, long events, int max, int timeoutMs) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) EpollWaitCall.HANDLE.invokeExact(area, epfd, events, max, timeoutMs);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("epoll_wait", e);
    }
  }

  private static final class EpollWaitCall {
    static final MethodHandle HANDLE = LibcBindings.bind("epoll_wait", "iilii");
  }

  /** eventfd(2). */
  public static int eventfd(int initial, int flags) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) EventfdCall.HANDLE.invokeExact(area, initial, flags);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("eventfd", e);
    }
  }

  private static final class EventfdCall {
    static final MethodHandle HANDLE = LibcBindings.bind("eventfd", "iii");
  }

  /** pipe2(2). */
  public static int pipe2(long pair, int flags) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) Pipe2Call.HANDLE.invokeExact(area, pair, flags);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("pipe2", e);
    }
  }

  private static final class Pipe2Call {
    static final MethodHandle HANDLE = LibcBindings.bind("pipe2", "ili");
  }

  /** memfd_create(2). */
  public static int memfdCreate(long name, int flags) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) MemfdCreateCall.HANDLE.invokeExact(area, name, flags);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("memfd_create", e);
    }
  }

  private static final class MemfdCreateCall {
    static final MethodHandle HANDLE = LibcBindings.bind("memfd_create", "ili");
  }

  /** ftruncate(2). */
  public static int ftruncate(int fd, long length) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) FtruncateCall.HANDLE.invokeExact(area, fd, length);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("ftruncate", e);
    }
  }

  private static final class FtruncateCall {
    static final MethodHandle HANDLE = LibcBindings.bind("ftruncate", "iil");
  }

  /** mmap(2). */
  public static long mmap(
      long address, long length, int protection, int flags, int fd, long offset) {
    MemorySegment area = LibcBindings.area();
    try {
      long result =
          (long) MmapCall.HANDLE.invokeExact(area, address, length, protection, flags, fd, offset);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("mmap", e);
    }
  }

  private static final class MmapCall {
    static final MethodHandle HANDLE = LibcBindings.bind("mmap", "llliiil");
  }

  /** munmap(2). */
  public static int munmap(long address, long length) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) MunmapCall.HANDLE.invokeExact(area, address, length);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("munmap", e);
    }
  }

  private static final class MunmapCall {
    static final MethodHandle HANDLE = LibcBindings.bind("munmap", "ill");
  }

  /** fcntl(2) with an int argument. */
  public static int fcntl(int fd, int command, int argument) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) FcntlCall.HANDLE.invokeExact(area, fd, command, argument);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("fcntl", e);
    }
  }

  private static final class FcntlCall {
    static final MethodHandle HANDLE = LibcBindings.bind("fcntl", "iii|i");
  }

  /** ioctl(2) with a pointer argument. */
  public static int ioctl(int fd, long request, long argument) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) IoctlCall.HANDLE.invokeExact(area, fd, request, argument);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("ioctl", e);
    }
  }

  private static final class IoctlCall {
    static final MethodHandle HANDLE = LibcBindings.bind("ioctl", "iil|l");
  }

  /** open(2). */
  public static int open(long path, int flags, int mode) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) OpenCall.HANDLE.invokeExact(area, path, flags, mode);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("open", e);
    }
  }

  private static final class OpenCall {
    static final MethodHandle HANDLE = LibcBindings.bind("open", "ili|i");
  }

  /** unlink(2). */
  public static int unlink(long path) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) UnlinkCall.HANDLE.invokeExact(area, path);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("unlink", e);
    }
  }

  private static final class UnlinkCall {
    static final MethodHandle HANDLE = LibcBindings.bind("unlink", "il");
  }

  /** chmod(2). */
  public static int chmod(long path, int mode) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) ChmodCall.HANDLE.invokeExact(area, path, mode);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("chmod", e);
    }
  }

  private static final class ChmodCall {
    static final MethodHandle HANDLE = LibcBindings.bind("chmod", "ili");
  }

  /** getrlimit(2). */
  public static int getrlimit(int resource, long rlimit) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) GetrlimitCall.HANDLE.invokeExact(area, resource, rlimit);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("getrlimit", e);
    }
  }

  private static final class GetrlimitCall {
    static final MethodHandle HANDLE = LibcBindings.bind("getrlimit", "iil");
  }

  /** prctl(2). */
  public static int prctl(int option, long arg2, long arg3, long arg4, long arg5) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) PrctlCall.HANDLE.invokeExact(area, option, arg2, arg3, arg4, arg5);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("prctl", e);
    }
  }

  private static final class PrctlCall {
    static final MethodHandle HANDLE = LibcBindings.bind("prctl", "ii|llll");
  }

  /** poll(2). */
  public static int poll(long fds, long count, int timeoutMs) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) PollCall.HANDLE.invokeExact(area, fds, count, timeoutMs);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("poll", e);
    }
  }

  private static final class PollCall {
    static final MethodHandle HANDLE = LibcBindings.bind("poll", "illi");
  }

  /** signal(2) with SIG_DFL or SIG_IGN; never a handler, Java must not run inside one. */
  public static long signal(int signal, long disposition) {
    MemorySegment area = LibcBindings.area();
    try {
      long result = (long) SignalCall.HANDLE.invokeExact(area, signal, disposition);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("signal", e);
    }
  }

  private static final class SignalCall {
    static final MethodHandle HANDLE = LibcBindings.bind("signal", "lil");
  }

  /** madvise(2). */
  public static int madvise(long address, long length, int advice) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) MadviseCall.HANDLE.invokeExact(area, address, length, advice);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("madvise", e);
    }
  }

  private static final class MadviseCall {
    static final MethodHandle HANDLE = LibcBindings.bind("madvise", "illi");
  }

  /** pread(2). */
  public static long pread(int fd, long buffer, long length, long offset) {
    MemorySegment area = LibcBindings.area();
    try {
      long result = (long) PreadCall.HANDLE.invokeExact(area, fd, buffer, length, offset);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("pread", e);
    }
  }

  private static final class PreadCall {
    static final MethodHandle HANDLE = LibcBindings.bind("pread", "lilll");
  }

  /** pwritev(2). */
  public static long pwritev(int fd, long vectors, int count, long offset) {
    MemorySegment area = LibcBindings.area();
    try {
      long result = (long) PwritevCall.HANDLE.invokeExact(area, fd, vectors, count, offset);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("pwritev", e);
    }
  }

  private static final class PwritevCall {
    static final MethodHandle HANDLE = LibcBindings.bind("pwritev", "lilil");
  }

  /** pwrite(2). */
  public static long pwrite(int fd, long buffer, long length, long offset) {
    MemorySegment area = LibcBindings.area();
    try {
      long result = (long) PwriteCall.HANDLE.invokeExact(area, fd, buffer, length, offset);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("pwrite", e);
    }
  }

  private static final class PwriteCall {
    static final MethodHandle HANDLE = LibcBindings.bind("pwrite", "lilll");
  }

  /** getrusage(2). */
  public static int getrusage(int who, long usage) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) GetrusageCall.HANDLE.invokeExact(area, who, usage);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("getrusage", e);
    }
  }

  private static final class GetrusageCall {
    static final MethodHandle HANDLE = LibcBindings.bind("getrusage", "iil");
  }

  /** fcntl(2) with a pointer argument, as for locks. */
  public static int fcntlPointer(int fd, int command, long argument) {
    MemorySegment area = LibcBindings.area();
    try {
      int result = (int) FcntlPointerCall.HANDLE.invokeExact(area, fd, command, argument);
      return result == -1 ? -LibcBindings.errno(area) : result;
    } catch (Throwable e) {
      throw broken("fcntl", e);
    }
  }

  private static final class FcntlPointerCall {
    static final MethodHandle HANDLE = LibcBindings.bindShape("fcntl", "iii|l");
  }
}
