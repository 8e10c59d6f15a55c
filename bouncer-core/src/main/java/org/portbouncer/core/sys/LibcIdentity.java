package org.portbouncer.core.sys;

import java.lang.foreign.MemorySegment;

/**
 * The calls that concern users, groups and what a process may do; returns are as in {@link Libc}.
 * Apart from it because a worker needs none of them.
 *
 * <p>The C library makes {@link #setgroups}, {@link #setresgid} and {@link #setresuid} in every
 * thread of the process; {@link KernelCalls} makes them in the calling thread alone.
 */
public final class LibcIdentity {

  private static final MemorySegment GETUID = Downcall.symbol("getuid");
  private static final MemorySegment GETEUID = Downcall.symbol("geteuid");
  private static final MemorySegment GETEGID = Downcall.symbol("getegid");
  private static final MemorySegment GETPWNAM_R = Downcall.symbol("getpwnam_r");
  private static final MemorySegment GETGRNAM_R = Downcall.symbol("getgrnam_r");
  private static final MemorySegment GETGROUPLIST = Downcall.symbol("getgrouplist");
  private static final MemorySegment GETGROUPS = Downcall.symbol("getgroups");
  private static final MemorySegment SETGROUPS = Downcall.symbol("setgroups");
  private static final MemorySegment SETRESGID = Downcall.symbol("setresgid");
  private static final MemorySegment SETRESUID = Downcall.symbol("setresuid");
  private static final MemorySegment CAPGET = Downcall.symbol("capget");
  private static final MemorySegment CAPSET = Downcall.symbol("capset");
  private static final MemorySegment FCHOWN = Downcall.symbol("fchown");
  private static final MemorySegment FCHMOD = Downcall.symbol("fchmod");
  private static final MemorySegment UMASK = Downcall.symbol("umask");
  private static final MemorySegment ACCESS = Downcall.symbol("access");
  private static final MemorySegment SYSCALL = Downcall.symbol("syscall");

  private LibcIdentity() {}

  /** getuid(2). */
  public static int getuid() {
    return (int) Downcall.callLong(GETUID, 0);
  }

  /** geteuid(2). */
  public static int geteuid() {
    return (int) Downcall.callLong(GETEUID, 0);
  }

  /** getegid(2). */
  public static int getegid() {
    return (int) Downcall.callLong(GETEGID, 0);
  }

  /** getpwnam_r(3): returns the errno itself, not negated. */
  static int getpwnamR(long name, long passwd, long buffer, long length, long result) {
    return Downcall.callInt(GETPWNAM_R, name, passwd, buffer, length, result);
  }

  /** getgrnam_r(3): returns the errno itself, not negated. */
  static int getgrnamR(long name, long group, long buffer, long length, long result) {
    return Downcall.callInt(GETGRNAM_R, name, group, buffer, length, result);
  }

  /** getgrouplist(3): below 0 where there is not enough room. */
  static int getgrouplist(long user, int group, long groups, long count) {
    return Downcall.callInt(GETGROUPLIST, user, group, groups, count);
  }

  /** getgroups(2). */
  public static int getgroups(int room, long groups) {
    return Downcall.callInt(GETGROUPS, room, groups);
  }

  /** setgroups(2), in every thread. */
  public static int setgroups(long count, long groups) {
    return Downcall.callInt(SETGROUPS, count, groups);
  }

  /** setresgid(2), in every thread. */
  public static int setresgid(int real, int effective, int saved) {
    return Downcall.callInt(SETRESGID, real, effective, saved);
  }

  /** setresuid(2), in every thread. */
  public static int setresuid(int real, int effective, int saved) {
    return Downcall.callInt(SETRESUID, real, effective, saved);
  }

  /** capget(2), of one thread. */
  public static int capget(long header, long data) {
    return Downcall.callInt(CAPGET, header, data);
  }

  /** capset(2), of the calling thread. */
  public static int capset(long header, long data) {
    return Downcall.callInt(CAPSET, header, data);
  }

  /** fchown(2). */
  public static int fchown(int fd, int user, int group) {
    return Downcall.callInt(FCHOWN, fd, user, group);
  }

  /** fchmod(2); of a Unix socket that is not bound yet: what its file will have. */
  public static int fchmod(int fd, int mode) {
    return Downcall.callInt(FCHMOD, fd, mode);
  }

  /** umask(2), of the whole process; returns what it was. */
  public static int umask(int mask) {
    return Downcall.callInt(UMASK, mask, 0);
  }

  /** access(2), by the real user and group. */
  public static int access(long path, int mode) {
    return Downcall.callInt(ACCESS, path, mode);
  }

  /** syscall(2): the kernel's own call, see {@link KernelCalls}. */
  static long syscall(long number, long a, long b, long c, long d) {
    return Downcall.callLong(SYSCALL, number, a, b, c, d);
  }
}
