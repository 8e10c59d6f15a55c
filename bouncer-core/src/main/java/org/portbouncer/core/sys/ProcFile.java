package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Small files, those of proc(5) above all, read and written by system calls alone: java.nio would
 * make a socket pair for itself, which a confined worker may not. Runs in every process, any
 * thread.
 */
final class ProcFile {

  private static final int ROOM = 4096;

  private ProcFile() {}

  /**
   * The first 4 KiB of a file; in it any byte may stand for itself.
   *
   * @return null where there is none, or it cannot be read
   */
  static String read(String path) {
    byte[] bytes = bytes(path, ROOM);
    return bytes == null ? null : new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /**
   * The bytes of a file, read at once.
   *
   * @param most how many, if there are more
   * @return null where there is none, or it cannot be read
   */
  static byte[] bytes(String path, int most) {
    try (Arena arena = Arena.ofConfined()) {
      int fd = Libc.open(Native.string(arena, path), Const.O_RDONLY | Const.O_CLOEXEC, 0);
      if (fd < 0) {
        return null;
      }
      MemorySegment bytes = arena.allocate(most);
      long length = Libc.read(fd, bytes.address(), most);
      Libc.close(fd);
      return length < 0 ? null : bytes.asSlice(0, length).toArray(JAVA_BYTE);
    }
  }

  /** Where a symbolic link leads; null where it is none. */
  static String link(String path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(ROOM);
      long length =
          Downcall.callLong(
              Downcall.symbol("readlink"), Native.string(arena, path), target.address(), ROOM);
      return length < 0
          ? null
          : new String(target.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.UTF_8);
    }
  }

  /** Writes the whole of a file, as far as the kernel takes it. */
  static void write(String path, String text) {
    try (Arena arena = Arena.ofConfined()) {
      int fd = Libc.open(Native.string(arena, path), Const.O_WRONLY | Const.O_CLOEXEC, 0);
      if (fd >= 0) {
        Libc.write(fd, Native.string(arena, text), text.length());
        Libc.close(fd);
      }
    }
  }
}
