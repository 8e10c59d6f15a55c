package org.portbouncer.config;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * A file that is read as a configuration or a list, block by block. Only regular files are: a pipe
 * that nobody writes to, a device, a terminal may never end, and opening one may already wait. In
 * the mother, beside her loop, and in commands.
 */
final class RegularFile implements AutoCloseable {

  /** Bytes of one block. */
  static final int BLOCK = 64 * 1024;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment block = arena.allocate(BLOCK);
  private final int fd;

  private RegularFile(int fd) {
    this.fd = fd;
  }

  /**
   * Opens it, and never waits for another process.
   *
   * @throws InvalidValueException why it cannot be read, in words that go behind its name
   */
  static RegularFile open(Path file) {
    int fd;
    try (Arena names = Arena.ofConfined()) {
      fd =
          Libc.open(
              Native.string(names, file.toString()),
              Const.O_RDONLY | Const.O_NONBLOCK | Const.O_CLOEXEC,
              0);
    }
    if (fd < 0) {
      throw new InvalidValueException(fd == -Errno.ENOENT ? "no such file" : Errno.text(-fd));
    }
    String problem = problem(fd);
    if (problem != null) {
      Libc.close(fd);
      throw new InvalidValueException(problem);
    }
    return new RegularFile(fd);
  }

  /**
   * All of one.
   *
   * @param most bytes that it may have
   * @throws InvalidValueException as {@link #open}, and where it has more
   */
  static byte[] read(Path file, int most) {
    byte[] bytes = new byte[most + 1];
    int length = 0;
    try (RegularFile open = open(file)) {
      int read = 0;
      while (read >= 0 && length < bytes.length) {
        read = open.read(bytes, length);
        length += Math.max(0, read);
      }
    }
    if (length > most) {
      throw new InvalidValueException("it has more than " + most + " bytes");
    }
    return Arrays.copyOf(bytes, length);
  }

  /** What is wrong with what was opened, whatever its name stands for by now. */
  private static String problem(int fd) {
    try {
      BasicFileAttributes is =
          Files.readAttributes(Path.of("/proc/self/fd/" + fd), BasicFileAttributes.class);
      if (is.isDirectory()) {
        return "is a directory";
      }
      return is.isRegularFile() ? null : "is not a regular file but a pipe, a socket or a device";
    } catch (IOException e) {
      return e.getMessage();
    }
  }

  /** Its permissions, as chmod has them. */
  static int mode(Path file) throws IOException {
    return (int) Files.getAttribute(file, "unix:mode") & 0777;
  }

  /** Those of what was opened. */
  int mode() {
    try {
      return mode(Path.of("/proc/self/fd/" + fd));
    } catch (IOException e) {
      throw new InvalidValueException(e.getMessage());
    }
  }

  /**
   * The next bytes, at most {@link #BLOCK} and what fits.
   *
   * @return how many were put into {@code into} from {@code at} on; -1 at the end
   * @throws InvalidValueException where it cannot be read on
   */
  int read(byte[] into, int at) {
    long read;
    do {
      read = Libc.read(fd, block.address(), Math.min(BLOCK, into.length - at));
    } while (read == -Errno.EINTR);
    if (read < 0) {
      throw new InvalidValueException(Errno.text((int) -read));
    }
    MemorySegment.copy(block, JAVA_BYTE, 0, into, at, (int) read);
    return read == 0 ? -1 : (int) read;
  }

  @Override
  public void close() {
    Libc.close(fd);
    arena.close();
  }
}
