package org.portbouncer.core.sys;

import java.lang.foreign.MemorySegment;

/**
 * The calls that concern child processes and signals; returns are as in {@link Libc}, but that the
 * functions of posix_spawn(3) and pthread_sigmask(3) return the errno itself. Apart from it because
 * a worker needs none of them.
 */
final class LibcProcess {

  /** Room for a posix_spawn_file_actions_t, a posix_spawnattr_t or a sigset_t, and more. */
  static final int ROOM = 512;

  private static final MemorySegment SPAWN = Downcall.symbol("posix_spawn");
  private static final MemorySegment ACTIONS_INIT =
      Downcall.symbol("posix_spawn_file_actions_init");
  private static final MemorySegment ACTIONS_DUP2 =
      Downcall.symbol("posix_spawn_file_actions_adddup2");
  private static final MemorySegment ACTIONS_OPEN =
      Downcall.symbol("posix_spawn_file_actions_addopen");
  private static final MemorySegment ACTIONS_CLOSEFROM =
      Downcall.symbol("posix_spawn_file_actions_addclosefrom_np");
  private static final MemorySegment ACTIONS_DESTROY =
      Downcall.symbol("posix_spawn_file_actions_destroy");
  private static final MemorySegment ATTRIBUTES_INIT = Downcall.symbol("posix_spawnattr_init");
  private static final MemorySegment ATTRIBUTES_FLAGS = Downcall.symbol("posix_spawnattr_setflags");
  private static final MemorySegment ATTRIBUTES_MASK =
      Downcall.symbol("posix_spawnattr_setsigmask");
  private static final MemorySegment ATTRIBUTES_DESTROY =
      Downcall.symbol("posix_spawnattr_destroy");
  private static final MemorySegment SIGEMPTYSET = Downcall.symbol("sigemptyset");
  private static final MemorySegment SIGADDSET = Downcall.symbol("sigaddset");
  private static final MemorySegment SIGISMEMBER = Downcall.symbol("sigismember");
  private static final MemorySegment SIGMASK = Downcall.symbol("pthread_sigmask");
  private static final MemorySegment SIGNALFD = Downcall.symbol("signalfd");
  private static final MemorySegment WAITPID = Downcall.symbol("waitpid");
  private static final MemorySegment READ_MEMORY = Downcall.symbol("process_vm_readv");
  private static final MemorySegment EXIT = Downcall.symbol("_exit");

  /** The variable environ(7). */
  static final MemorySegment ENVIRON = Downcall.symbol("environ");

  private LibcProcess() {}

  static void exit(int code) {
    Downcall.callInt(EXIT, code);
  }

  static int posixSpawn(
      long pid, long path, long actions, long attributes, long arguments, long environment) {
    return Downcall.callInt(SPAWN, pid, path, actions, attributes, arguments, environment);
  }

  static int actionsInit(long actions) {
    return Downcall.callInt(ACTIONS_INIT, actions);
  }

  static int actionsDup2(long actions, int fd, int as) {
    return Downcall.callInt(ACTIONS_DUP2, actions, fd, as);
  }

  static int actionsOpen(long actions, int fd, long path, int flags, int mode) {
    return Downcall.callInt(ACTIONS_OPEN, actions, fd, path, flags, mode);
  }

  static int actionsCloseFrom(long actions, int fd) {
    return Downcall.callInt(ACTIONS_CLOSEFROM, actions, fd);
  }

  static void actionsDestroy(long actions) {
    Downcall.callInt(ACTIONS_DESTROY, actions);
  }

  static int attributesInit(long attributes) {
    return Downcall.callInt(ATTRIBUTES_INIT, attributes);
  }

  static int attributesFlags(long attributes, int flags) {
    return Downcall.callInt(ATTRIBUTES_FLAGS, attributes, flags);
  }

  static int attributesMask(long attributes, long set) {
    return Downcall.callInt(ATTRIBUTES_MASK, attributes, set);
  }

  static void attributesDestroy(long attributes) {
    Downcall.callInt(ATTRIBUTES_DESTROY, attributes);
  }

  static int sigemptyset(long set) {
    return Downcall.callInt(SIGEMPTYSET, set);
  }

  static int sigaddset(long set, int signal) {
    return Downcall.callInt(SIGADDSET, set, signal);
  }

  static int sigismember(long set, int signal) {
    return Downcall.callInt(SIGISMEMBER, set, signal);
  }

  static int sigmask(int how, long set, long old) {
    return Downcall.callInt(SIGMASK, how, set, old);
  }

  static int signalfd(int fd, long set, int flags) {
    return Downcall.callInt(SIGNALFD, fd, set, flags);
  }

  /** process_vm_readv(2) of one piece, by an iovec for here and one for there. */
  static long readMemory(int pid, long here, long there) {
    return Downcall.callLong(READ_MEMORY, pid, here, 1, there, 1, 0);
  }

  static int waitpid(int pid, long status, int options) {
    return Downcall.callInt(WAITPID, pid, status, options);
  }
}
