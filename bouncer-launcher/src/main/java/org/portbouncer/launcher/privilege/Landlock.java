package org.portbouncer.launcher.privilege;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.KernelCalls;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

/**
 * One set of rules of landlock(7): what a thread, and all that it starts, may still do with files,
 * TCP and other processes. In the mother.
 *
 * <p>Everything that the kernel's version of Landlock can forbid is forbidden; rules allow some of
 * it again. An older version forbids less.
 */
final class Landlock implements AutoCloseable {

  // LANDLOCK_ACCESS_FS_…
  static final long EXECUTE = 1;
  static final long WRITE_FILE = 1 << 1;
  static final long READ_FILE = 1 << 2;
  static final long READ_DIR = 1 << 3;
  static final long TRUNCATE = 1 << 14;

  /** What can be allowed of something that is no folder. */
  private static final long OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE;

  private static final long BIND_TCP = 1;
  private static final long CONNECT_TCP = 2;

  /** Abstract Unix sockets, and signals, to the outside. */
  private static final long SCOPES = 3;

  private static final int VERSION_FLAG = 1;
  private static final int PATH_BENEATH = 1;
  private static final int NET_PORT = 2;

  /** The first version that knows TCP. */
  private static final int TCP = 4;

  private static final int O_PATH = 0x200000;

  private final int fd;
  private final long handled;
  private final int version;

  private Landlock(int fd, long handled, int version) {
    this.version = version;
    this.fd = fd;
    this.handled = handled;
  }

  /** The version of the kernel's Landlock; 0 where it has none, or does not let us. */
  static int version() {
    return Math.max(0, KernelCalls.landlockCreateRuleset(0, 0, VERSION_FLAG));
  }

  /** What of files each version can forbid: one more kind with some of them. */
  private static long ofFiles(int version) {
    int kinds = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;
    return (1L << kinds) - 1;
  }

  /** Bytes of struct landlock_ruleset_attr: 0 files u64 | 8 network u64 | 16 scopes u64. */
  private static long attributes(int version) {
    return version >= 6 ? 24 : version >= 4 ? 16 : 8;
  }

  /**
   * Makes a set without rules.
   *
   * @param version as {@link #version} gives it, 1 or more
   * @param connects whether TCP connections may be opened
   */
  static Landlock create(int version, boolean connects) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = arena.allocate(24, 8);
      attributes.set(JAVA_LONG, 0, ofFiles(version));
      attributes.set(JAVA_LONG, 8, connects ? BIND_TCP : BIND_TCP | CONNECT_TCP);
      attributes.set(JAVA_LONG, 16, SCOPES);
      int fd =
          SystemCallException.check(
              "landlock_create_ruleset",
              KernelCalls.landlockCreateRuleset(attributes.address(), attributes(version), 0));
      return new Landlock(fd, ofFiles(version), version);
    }
  }

  /** Allows something with a file, or with all in and below a folder; what is not there is left. */
  void allow(Path path, long access) {
    try (Arena arena = Arena.ofConfined()) {
      long name = Native.string(arena, path.toString());
      int file = Libc.open(name, O_PATH | Const.O_CLOEXEC, 0);
      if (file < 0) {
        return;
      }
      // struct landlock_path_beneath_attr, packed: 0 access u64 | 8 file s32
      MemorySegment rule = arena.allocate(16, 8);
      rule.set(JAVA_LONG_UNALIGNED, 0, access & handled);
      rule.set(JAVA_INT, 8, file);
      int result = KernelCalls.landlockAddRule(fd, PATH_BENEATH, rule.address(), 0);
      if (result == -Errno.EINVAL) {
        rule.set(JAVA_LONG_UNALIGNED, 0, access & handled & OF_FILES);
        result = KernelCalls.landlockAddRule(fd, PATH_BENEATH, rule.address(), 0);
      }
      Libc.close(file);
      SystemCallException.check("landlock_add_rule", result);
    }
  }

  /** Allows to bind a TCP socket to an address, with a port that the kernel chooses. */
  void allowSources() {
    allow(BIND_TCP, 0);
  }

  /** Allows TCP connections to a port. */
  void allowPort(int port) {
    allow(CONNECT_TCP, port);
  }

  private void allow(long access, int port) {
    if (version < TCP) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      // struct landlock_net_port_attr: 0 access u64 | 8 port u64
      MemorySegment rule = arena.allocate(16, 8);
      rule.set(JAVA_LONG, 0, access);
      rule.set(JAVA_LONG, 8, port);
      SystemCallException.check(
          "landlock_add_rule", KernelCalls.landlockAddRule(fd, NET_PORT, rule.address(), 0));
    }
  }

  /** Puts the rules on the calling thread, which has given up no_new_privs, for good. */
  void restrict() {
    SystemCallException.check("landlock_restrict_self", KernelCalls.landlockRestrictSelf(fd, 0));
  }

  @Override
  public void close() {
    Libc.close(fd);
  }
}
