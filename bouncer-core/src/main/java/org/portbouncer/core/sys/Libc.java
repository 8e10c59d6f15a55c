package org.portbouncer.core.sys;

import java.lang.foreign.MemorySegment;

/**
 * System calls by the names of their man pages, through java.lang.foreign. Runs in every process.
 *
 * <p>Each returns what the call returns, or the negated errno (see {@link Errno}) where it failed,
 * as the kernel itself does: no exception, no allocation, and no errno left lying for another call
 * to overwrite. Addresses are raw; the caller keeps the memory alive and long enough.
 *
 * <p>How they are called: {@link Downcall}.
 */
public final class Libc {

  private static final MemorySegment READ = Downcall.symbol("read");
  private static final MemorySegment WRITE = Downcall.symbol("write");
  private static final MemorySegment WRITEV = Downcall.symbol("writev");
  private static final MemorySegment RECVMSG = Downcall.symbol("recvmsg");
  private static final MemorySegment RECVMMSG = Downcall.symbol("recvmmsg");
  private static final MemorySegment SENDMSG = Downcall.symbol("sendmsg");
  private static final MemorySegment SEND = Downcall.symbol("send");
  private static final MemorySegment RECV = Downcall.symbol("recv");
  private static final MemorySegment SPLICE = Downcall.symbol("splice");
  private static final MemorySegment SOCKET = Downcall.symbol("socket");
  private static final MemorySegment SOCKETPAIR = Downcall.symbol("socketpair");
  private static final MemorySegment BIND = Downcall.symbol("bind");
  private static final MemorySegment LISTEN = Downcall.symbol("listen");
  private static final MemorySegment ACCEPT4 = Downcall.symbol("accept4");
  private static final MemorySegment CONNECT = Downcall.symbol("connect");
  private static final MemorySegment SHUTDOWN = Downcall.symbol("shutdown");
  private static final MemorySegment CLOSE = Downcall.symbol("close");
  private static final MemorySegment GETSOCKOPT = Downcall.symbol("getsockopt");
  private static final MemorySegment SETSOCKOPT = Downcall.symbol("setsockopt");
  private static final MemorySegment GETSOCKNAME = Downcall.symbol("getsockname");
  private static final MemorySegment GETPEERNAME = Downcall.symbol("getpeername");
  private static final MemorySegment EPOLL_CREATE1 = Downcall.symbol("epoll_create1");
  private static final MemorySegment EPOLL_CTL = Downcall.symbol("epoll_ctl");
  private static final MemorySegment EPOLL_WAIT = Downcall.symbol("epoll_wait");
  private static final MemorySegment MALLOC_TRIM = Downcall.symbolOrNull("malloc_trim");
  private static final MemorySegment EVENTFD = Downcall.symbol("eventfd");
  private static final MemorySegment PIPE2 = Downcall.symbol("pipe2");
  private static final MemorySegment MEMFD_CREATE = Downcall.symbol("memfd_create");
  private static final MemorySegment FTRUNCATE = Downcall.symbol("ftruncate");
  private static final MemorySegment MMAP = Downcall.symbol("mmap");
  private static final MemorySegment MUNMAP = Downcall.symbol("munmap");
  private static final MemorySegment MPROTECT = Downcall.symbol("mprotect");
  private static final MemorySegment FCNTL = Downcall.symbol("fcntl");
  private static final MemorySegment IOCTL = Downcall.symbol("ioctl");
  private static final MemorySegment OPEN = Downcall.symbol("open");
  private static final MemorySegment UNLINK = Downcall.symbol("unlink");
  private static final MemorySegment CHMOD = Downcall.symbol("chmod");
  private static final MemorySegment GETRLIMIT = Downcall.symbol("getrlimit");
  private static final MemorySegment PRCTL = Downcall.symbol("prctl");
  private static final MemorySegment KILL = Downcall.symbol("kill");
  private static final MemorySegment POLL = Downcall.symbol("poll");
  private static final MemorySegment SIGNAL = Downcall.symbol("signal");
  private static final MemorySegment MADVISE = Downcall.symbol("madvise");
  private static final MemorySegment PREAD = Downcall.symbol("pread");
  private static final MemorySegment PWRITEV = Downcall.symbol("pwritev");
  private static final MemorySegment PWRITE = Downcall.symbol("pwrite");
  private static final MemorySegment GETRUSAGE = Downcall.symbol("getrusage");
  private static final MemorySegment GETRANDOM = Downcall.symbol("getrandom");
  private static final MemorySegment SCHED_SETSCHEDULER = Downcall.symbol("sched_setscheduler");

  private Libc() {}

  /** read(2). */
  public static long read(int fd, long buffer, long length) {
    return Downcall.callLong(READ, fd, buffer, length);
  }

  /** write(2). */
  public static long write(int fd, long buffer, long length) {
    return Downcall.callLong(WRITE, fd, buffer, length);
  }

  /** writev(2). */
  public static long writev(int fd, long vectors, int count) {
    return Downcall.callLong(WRITEV, fd, vectors, count);
  }

  /** recvmsg(2). */
  public static long recvmsg(int fd, long msghdr, int flags) {
    return Downcall.callLong(RECVMSG, fd, msghdr, flags);
  }

  /** recvmmsg(2), without a time limit. */
  public static int recvmmsg(int fd, long messages, int count, int flags) {
    return Downcall.callInt(RECVMMSG, fd, messages, count, flags, 0);
  }

  /** sendmsg(2). */
  public static long sendmsg(int fd, long msghdr, int flags) {
    return Downcall.callLong(SENDMSG, fd, msghdr, flags);
  }

  /** send(2). */
  public static long send(int fd, long buffer, long length, int flags) {
    return Downcall.callLong(SEND, fd, buffer, length, flags);
  }

  /** recv(2). */
  public static long recv(int fd, long buffer, long length, int flags) {
    return Downcall.callLong(RECV, fd, buffer, length, flags);
  }

  /** splice(2); blocks unless the sockets themselves are non-blocking. */
  public static long splice(int in, long offIn, int out, long offOut, long length, int flags) {
    return Downcall.callLong(SPLICE, in, offIn, out, offOut, length, flags);
  }

  /** socket(2). */
  public static int socket(int domain, int type, int protocol) {
    return Downcall.callInt(SOCKET, domain, type, protocol);
  }

  /** socketpair(2). */
  public static int socketpair(int domain, int type, int protocol, long pair) {
    return Downcall.callInt(SOCKETPAIR, domain, type, protocol, pair);
  }

  /** bind(2). */
  public static int bind(int fd, long address, int length) {
    return Downcall.callInt(BIND, fd, address, length);
  }

  /** listen(2). */
  public static int listen(int fd, int backlog) {
    return Downcall.callInt(LISTEN, fd, backlog);
  }

  /** accept4(2). */
  public static int accept4(int fd, long address, long length, int flags) {
    return Downcall.callInt(ACCEPT4, fd, address, length, flags);
  }

  /** connect(2). */
  public static int connect(int fd, long address, int length) {
    return Downcall.callInt(CONNECT, fd, address, length);
  }

  /** shutdown(2). */
  public static int shutdown(int fd, int how) {
    return Downcall.callInt(SHUTDOWN, fd, how);
  }

  /** close(2); never repeated on EINTR, Linux has closed by then. */
  public static int close(int fd) {
    return Downcall.callInt(CLOSE, fd);
  }

  /** getsockopt(2). */
  public static int getsockopt(int fd, int level, int option, long value, long length) {
    return Downcall.callInt(GETSOCKOPT, fd, level, option, value, length);
  }

  /** setsockopt(2). */
  public static int setsockopt(int fd, int level, int option, long value, int length) {
    return Downcall.callInt(SETSOCKOPT, fd, level, option, value, length);
  }

  /** getsockname(2). */
  public static int getsockname(int fd, long address, long length) {
    return Downcall.callInt(GETSOCKNAME, fd, address, length);
  }

  /** getpeername(2). */
  public static int getpeername(int fd, long address, long length) {
    return Downcall.callInt(GETPEERNAME, fd, address, length);
  }

  /** epoll_create1(2). */
  public static int epollCreate1(int flags) {
    return Downcall.callInt(EPOLL_CREATE1, flags);
  }

  /** epoll_ctl(2). */
  public static int epollCtl(int epfd, int op, int fd, long event) {
    return Downcall.callInt(EPOLL_CTL, epfd, op, fd, event);
  }

  /** epoll_wait(2). */
  public static int epollWait(int epfd, long events, int max, int timeoutMs) {
    return Downcall.callInt(EPOLL_WAIT, epfd, events, max, timeoutMs);
  }

  /** eventfd(2). */
  public static int eventfd(int initial, int flags) {
    return Downcall.callInt(EVENTFD, initial, flags);
  }

  /** pipe2(2). */
  public static int pipe2(long pair, int flags) {
    return Downcall.callInt(PIPE2, pair, flags);
  }

  /** memfd_create(2). */
  public static int memfdCreate(long name, int flags) {
    return Downcall.callInt(MEMFD_CREATE, name, flags);
  }

  /** ftruncate(2). */
  public static int ftruncate(int fd, long length) {
    return Downcall.callInt(FTRUNCATE, fd, length);
  }

  /** mmap(2). */
  public static long mmap(
      long address, long length, int protection, int flags, int fd, long offset) {
    return Downcall.callLong(MMAP, address, length, protection, flags, fd, offset);
  }

  /** mprotect(2). */
  public static int mprotect(long address, long length, int protection) {
    return Downcall.callInt(MPROTECT, address, length, protection);
  }

  /** munmap(2). */
  public static int munmap(long address, long length) {
    return Downcall.callInt(MUNMAP, address, length);
  }

  /** fcntl(2) with an int argument. */
  public static int fcntl(int fd, int command, int argument) {
    return Downcall.callInt(FCNTL, fd, command, argument);
  }

  /** ioctl(2) with a pointer argument. */
  public static int ioctl(int fd, long request, long argument) {
    return Downcall.callInt(IOCTL, fd, request, argument);
  }

  /** open(2). */
  public static int open(long path, int flags, int mode) {
    return Downcall.callInt(OPEN, path, flags, mode);
  }

  /** unlink(2). */
  public static int unlink(long path) {
    return Downcall.callInt(UNLINK, path);
  }

  /** chmod(2). */
  public static int chmod(long path, int mode) {
    return Downcall.callInt(CHMOD, path, mode);
  }

  /** getrlimit(2). */
  public static int getrlimit(int resource, long rlimit) {
    return Downcall.callInt(GETRLIMIT, resource, rlimit);
  }

  /** prctl(2). */
  public static int prctl(int option, long arg2, long arg3, long arg4, long arg5) {
    return Downcall.callInt(PRCTL, option, arg2, arg3, arg4, arg5);
  }

  /** kill(2). */
  public static int kill(int pid, int signal) {
    return Downcall.callInt(KILL, pid, signal);
  }

  /** malloc_trim(3): gives back what the C library's heap has left over, where it can. */
  public static void mallocTrim() {
    if (MALLOC_TRIM.address() != 0) {
      Downcall.callInt(MALLOC_TRIM, 0);
    }
  }

  /** poll(2). */
  public static int poll(long fds, long count, int timeoutMs) {
    return Downcall.callInt(POLL, fds, count, timeoutMs);
  }

  /** signal(2) with SIG_DFL or SIG_IGN; never a handler, Java must not run inside one. */
  public static long signal(int signal, long disposition) {
    return Downcall.callLong(SIGNAL, signal, disposition);
  }

  /** madvise(2). */
  public static int madvise(long address, long length, int advice) {
    return Downcall.callInt(MADVISE, address, length, advice);
  }

  /** pread(2). */
  public static long pread(int fd, long buffer, long length, long offset) {
    return Downcall.callLong(PREAD, fd, buffer, length, offset);
  }

  /** pwritev(2). */
  public static long pwritev(int fd, long vectors, int count, long offset) {
    return Downcall.callLong(PWRITEV, fd, vectors, count, offset);
  }

  /** pwrite(2). */
  public static long pwrite(int fd, long buffer, long length, long offset) {
    return Downcall.callLong(PWRITE, fd, buffer, length, offset);
  }

  /** getrusage(2). */
  public static int getrusage(int who, long usage) {
    return Downcall.callInt(GETRUSAGE, who, usage);
  }

  /** getrandom(2). */
  public static long getrandom(long buffer, long length, int flags) {
    return Downcall.callLong(GETRANDOM, buffer, length, flags);
  }

  /** fcntl(2) with a pointer argument, as for locks. */
  public static int fcntlPointer(int fd, int command, long argument) {
    return Downcall.callInt(FCNTL, fd, command, argument);
  }

  /** sched_setscheduler(2); a pid of 0 means the calling thread. */
  public static int schedSetscheduler(int pid, int policy, long parameters) {
    return Downcall.callInt(SCHED_SETSCHEDULER, pid, policy, parameters);
  }
}
