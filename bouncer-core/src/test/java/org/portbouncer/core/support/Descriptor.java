package org.portbouncer.core.support;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

/** Raw descriptors for tests, and what the kernel says of them. */
public final class Descriptor {

  private Descriptor() {}

  /** How many this process has open (and one more, always, for looking). */
  public static int open() {
    return Objects.requireNonNull(Path.of("/proc/self/fd").toFile().list()).length;
  }

  /** What a descriptor refers to, as /proc tells. */
  public static String link(int fd) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A memory file that {@link #link} tells from others by its name. */
  public static int named(String name) {
    return Native.sharedFile(name, 1);
  }

  /** Another descriptor of the same file. */
  public static int copy(int fd) {
    return SystemCallException.check("fcntl", Libc.fcntl(fd, Const.F_DUPFD_CLOEXEC, 3));
  }

  /** Two connected Unix sockets of this type. */
  public static int[] pair(int type) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pair = arena.allocate(8, 4);
      int full = type | Const.SOCK_NONBLOCK | Const.SOCK_CLOEXEC;
      SystemCallException.check(
          "socketpair", Libc.socketpair(Const.AF_UNIX, full, 0, pair.address()));
      return new int[] {pair.get(JAVA_INT, 0), pair.get(JAVA_INT, 4)};
    }
  }

  /** A pipe, reading end first; neither end waits. */
  public static int[] pipe() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pair = arena.allocate(8, 4);
      SystemCallException.check(
          "pipe2", Libc.pipe2(pair.address(), Const.O_NONBLOCK | Const.O_CLOEXEC));
      return new int[] {pair.get(JAVA_INT, 0), pair.get(JAVA_INT, 4)};
    }
  }

  /** Writes {@code text} in one call. */
  public static void write(int fd, String text) {
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      MemorySegment memory = arena.allocateFrom(JAVA_BYTE, bytes);
      long written = Libc.write(fd, memory.address(), bytes.length);
      if (written != bytes.length) {
        throw new IllegalStateException("wrote " + written + " of " + bytes.length);
      }
    }
  }

  /** What one read gives; "" at the end and where nothing is there. */
  public static String read(int fd) {
    return new String(readBytes(fd), StandardCharsets.UTF_8);
  }

  /** As {@link #read}. */
  public static byte[] readBytes(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(1 << 20);
      long length = Libc.read(fd, memory.address(), memory.byteSize());
      return memory.asSlice(0, Math.max(0, length)).toArray(JAVA_BYTE);
    }
  }

  /** Closes all of them. */
  public static void close(int... fds) {
    for (int fd : fds) {
      Libc.close(fd);
    }
  }
}
