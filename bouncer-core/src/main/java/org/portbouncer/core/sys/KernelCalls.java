package org.portbouncer.core.sys;

/**
 * System calls made by their number, past the C library: because it has no function for them, or
 * because its function would change all threads where one is meant. Returns are as in {@link Libc}.
 */
public final class KernelCalls {

  private static final boolean X86_64 = System.getProperty("os.arch").equals("amd64");

  private static final long SETGROUPS = X86_64 ? 116 : 159;
  private static final long SETRESUID = X86_64 ? 117 : 147;
  private static final long SETRESGID = X86_64 ? 119 : 149;
  private static final long SECCOMP = X86_64 ? 317 : 277;
  private static final long KCMP = X86_64 ? 312 : 272;
  private static final long PIDFD_OPEN = 434;
  private static final long PIDFD_GETFD = 438;

  private static final int KCMP_FILES = 2;
  private static final long LANDLOCK_CREATE_RULESET = 444;
  private static final long LANDLOCK_ADD_RULE = 445;
  private static final long LANDLOCK_RESTRICT_SELF = 446;

  private KernelCalls() {}

  /** setgroups(2) of the calling thread alone. */
  public static int setgroups(long count, long groups) {
    return (int) LibcIdentity.syscall(SETGROUPS, count, groups, 0, 0);
  }

  /** setresgid(2) of the calling thread alone. */
  public static int setresgid(int real, int effective, int saved) {
    return (int) LibcIdentity.syscall(SETRESGID, real, effective, saved, 0);
  }

  /** setresuid(2) of the calling thread alone. */
  public static int setresuid(int real, int effective, int saved) {
    return (int) LibcIdentity.syscall(SETRESUID, real, effective, saved, 0);
  }

  /** seccomp(2). */
  public static int seccomp(int operation, int flags, long arguments) {
    return (int) LibcIdentity.syscall(SECCOMP, operation, flags, arguments, 0);
  }

  /** landlock_create_ruleset(2). */
  public static int landlockCreateRuleset(long attributes, long size, int flags) {
    return (int) LibcIdentity.syscall(LANDLOCK_CREATE_RULESET, attributes, size, flags, 0);
  }

  /** landlock_add_rule(2). */
  public static int landlockAddRule(int ruleset, int type, long attributes, int flags) {
    return (int) LibcIdentity.syscall(LANDLOCK_ADD_RULE, ruleset, type, attributes, flags);
  }

  /** landlock_restrict_self(2), of the calling thread. */
  public static int landlockRestrictSelf(int ruleset, int flags) {
    return (int) LibcIdentity.syscall(LANDLOCK_RESTRICT_SELF, ruleset, flags, 0, 0);
  }

  /** Whether two processes have one table of descriptors, by kcmp(2): 0 they do, negated errno. */
  public static int compareFiles(int pid, int other) {
    return (int) LibcIdentity.syscall(KCMP, pid, other, KCMP_FILES, 0);
  }

  /** pidfd_getfd(2); close-on-exec. */
  public static int pidfdGetfd(int pidfd, int fd) {
    return (int) LibcIdentity.syscall(PIDFD_GETFD, pidfd, fd, 0, 0);
  }

  /** pidfd_open(2); close-on-exec. */
  public static int pidfdOpen(int pid) {
    return (int) LibcIdentity.syscall(PIDFD_OPEN, pid, 0, 0, 0);
  }
}
