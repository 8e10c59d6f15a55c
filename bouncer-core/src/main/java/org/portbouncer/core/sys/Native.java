package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Native memory that lives as long as the process, and shared memory. Runs in every process. */
public final class Native {

  /** From here on memory comes from mmap: the arena would write zeros into every page of it. */
  private static final long LARGE = 32 * 1024;

  private Native() {}

  /**
   * Zeroed memory of {@code bytes}, aligned to a cache line, never freed. A large one costs nothing
   * until it is written to.
   */
  public static MemorySegment allocate(long bytes) {
    if (bytes >= LARGE) {
      return mapped(bytes, Const.MAP_PRIVATE | Const.MAP_ANONYMOUS, -1);
    }
    return Arena.global().allocate(bytes, 64);
  }

  /** A C string for one call, freed with {@code arena}. */
  public static long string(Arena arena, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    MemorySegment segment = arena.allocate(bytes.length + 1L);
    MemorySegment.copy(bytes, 0, segment, JAVA_BYTE, 0, bytes.length);
    return segment.address();
  }

  /**
   * A memory file of {@code size} bytes that can neither shrink nor grow, so that no holder can
   * take the pages away from under the others.
   *
   * @return the descriptor, close-on-exec
   * @throws SystemCallException where the kernel refuses
   */
  public static int sharedFile(String name, long size) {
    int fd = memoryFile(name);
    SystemCallException.check("ftruncate", Libc.ftruncate(fd, size));
    seal(fd, 0);
    return fd;
  }

  /**
   * A memory file that holds {@code content} and that nobody can change any more, its maker
   * included: what one reader does to it another never sees.
   *
   * @return the descriptor, close-on-exec
   * @throws SystemCallException where the kernel refuses
   */
  public static int constantFile(String name, byte[] content) {
    int fd = memoryFile(name);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, content.length));
      MemorySegment.copy(content, 0, bytes, JAVA_BYTE, 0, content.length);
      for (long done = 0; done < content.length; ) {
        long written = Libc.pwrite(fd, bytes.address() + done, content.length - done, done);
        if (written < 0) {
          throw new SystemCallException("pwrite", (int) -written);
        }
        done += written;
      }
    }
    seal(fd, Const.F_SEAL_WRITE);
    return fd;
  }

  /** Reads the first {@code length} bytes of a file such as {@link #constantFile} makes. */
  public static byte[] read(int fd, int length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, length));
      for (long done = 0; done < length; ) {
        long read = Libc.pread(fd, bytes.address() + done, length - done, done);
        if (read <= 0) {
          throw new SystemCallException("pread", read < 0 ? (int) -read : Errno.EIO);
        }
        done += read;
      }
      return bytes.asSlice(0, length).toArray(JAVA_BYTE);
    }
  }

  /**
   * A memory file of {@code size} bytes to be filled through {@link #map(int, long, Arena)} and
   * then made constant: what is not written to takes no memory, however large it is.
   *
   * @return the descriptor, close-on-exec
   * @throws SystemCallException where the kernel refuses
   */
  public static int emptyFile(String name, long size) {
    int fd = memoryFile(name);
    int errno = Libc.ftruncate(fd, size);
    if (errno < 0) {
      Libc.close(fd);
      throw new SystemCallException("ftruncate", -errno);
    }
    return fd;
  }

  /**
   * Makes constant what {@link #emptyFile} began: cut to {@code size}, and never to be changed
   * again by anybody. The memory stays where it is, to be read.
   *
   * @param memory all of the file, as {@link #map(int, long, Arena)} gave it
   */
  public static void makeConstant(int fd, MemorySegment memory, long size) {
    // A file that anybody could write to through a shared mapping cannot be sealed, and before
    // Linux
    // 6.7 a sealed one cannot be mapped as shared: a private mapping has the same pages.
    long address =
        Libc.mmap(
            memory.address(),
            memory.byteSize(),
            Const.PROT_READ,
            Const.MAP_PRIVATE | Const.MAP_FIXED,
            fd,
            0);
    if (address < 0 && address > -4096) {
      throw new SystemCallException("mmap", (int) -address);
    }
    SystemCallException.check("ftruncate", Libc.ftruncate(fd, size));
    seal(fd, Const.F_SEAL_WRITE);
  }

  /** Maps {@code size} bytes of {@code fd}, shared and writable, for as long as the arena lives. */
  public static MemorySegment map(int fd, long size, Arena arena) {
    return mapped(size, Const.PROT_READ | Const.PROT_WRITE, Const.MAP_SHARED, fd, arena);
  }

  /** Maps {@code size} bytes of a constant file, to be read for as long as the arena lives. */
  public static MemorySegment mapConstant(int fd, long size, Arena arena) {
    return mapped(size, Const.PROT_READ, Const.MAP_PRIVATE, fd, arena);
  }

  private static MemorySegment mapped(long size, int protection, int flags, int fd, Arena arena) {
    long address = Libc.mmap(0, size, protection, flags, fd, 0);
    if (address < 0 && address > -4096) {
      throw new SystemCallException("mmap", (int) -address);
    }
    return MemorySegment.ofAddress(address)
        .reinterpret(size, arena, gone -> Libc.munmap(gone.address(), size));
  }

  private static int memoryFile(String name) {
    try (Arena arena = Arena.ofConfined()) {
      return SystemCallException.check(
          "memfd_create",
          Libc.memfdCreate(string(arena, name), Const.MFD_CLOEXEC | Const.MFD_ALLOW_SEALING));
    }
  }

  private static void seal(int fd, int also) {
    int seals = Const.F_SEAL_SHRINK | Const.F_SEAL_GROW | Const.F_SEAL_SEAL | also;
    SystemCallException.check("fcntl", Libc.fcntl(fd, Const.F_ADD_SEALS, seals));
  }

  /** Maps {@code size} bytes of {@code fd}, shared and writable, for the life of the process. */
  public static MemorySegment map(int fd, long size) {
    return mapped(size, Const.MAP_SHARED, fd);
  }

  private static MemorySegment mapped(long size, int flags, int fd) {
    long address = Libc.mmap(0, size, Const.PROT_READ | Const.PROT_WRITE, flags, fd, 0);
    if (address < 0 && address > -4096) {
      throw new SystemCallException("mmap", (int) -address);
    }
    return MemorySegment.ofAddress(address).reinterpret(size);
  }
}
