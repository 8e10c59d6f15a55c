package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Small files of proc(5), read and written by system calls alone: java.nio would make a socket pair
 * for itself, which a confined worker may not. Runs in every process, any thread.
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
    try (Arena arena = Arena.ofConfined()) {
      int fd = Libc.open(Native.string(arena, path), Const.O_RDONLY | Const.O_CLOEXEC, 0);
      if (fd < 0) {
        return null;
      }
      MemorySegment bytes = arena.allocate(ROOM);
      long length = Libc.read(fd, bytes.address(), ROOM);
      Libc.close(fd);
      return length < 0
          ? null
          : new String(bytes.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.ISO_8859_1);
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
