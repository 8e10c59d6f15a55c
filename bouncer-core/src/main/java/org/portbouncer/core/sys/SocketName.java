package org.portbouncer.core.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntSupplier;

/**
 * What lies at a path where a Unix socket is, or is to be, as it was when {@link #at} looked; links
 * are not followed. All that is ever removed there is a socket, and the one that was seen: whatever
 * else has the name was put there by somebody who wants it. Runs in the mother and in commands.
 *
 * <p>A bound socket keeps its inode for as long as its descriptor is open, whether the file is
 * still there or not. So a file with the number of our socket is ours, if we look before we close.
 */
public final class SocketName {

  private static final int FORMAT = 0170000;
  private static final int SOCKET = 0140000;
  private static final int REGULAR = 0100000;
  private static final int FOLDER = 0040000;
  private static final int LINK = 0120000;

  /** Makes a system call as whoever may write to the folder. */
  @FunctionalInterface
  public interface Caller {
    /** Runs {@code call} and returns what it returns. */
    int make(Path file, IntSupplier call);
  }

  private final Path path;
  private final int mode;
  private final Object device;
  private final Object inode;

  private SocketName(Path path, int mode, Object device, Object inode) {
    this.path = path;
    this.mode = mode;
    this.device = device;
    this.inode = inode;
  }

  /** Looks what has that name. */
  public static SocketName at(Path path) throws IOException {
    try {
      Map<String, Object> file =
          Files.readAttributes(path, "unix:mode,dev,ino", LinkOption.NOFOLLOW_LINKS);
      return new SocketName(path, (Integer) file.get("mode"), file.get("dev"), file.get("ino"));
    } catch (NoSuchFileException e) {
      return new SocketName(path, 0, null, null);
    }
  }

  /** Whether anything has the name. */
  public boolean isTaken() {
    return mode != 0;
  }

  /** Whether a socket has it. */
  public boolean isSocket() {
    return (mode & FORMAT) == SOCKET;
  }

  /** Whether what was seen has the name still. */
  public boolean isStill() {
    try {
      SocketName now = at(path);
      return Objects.equals(device, now.device) && Objects.equals(inode, now.inode);
    } catch (IOException e) {
      return false;
    }
  }

  /** What has it, for messages: "a regular file is there, not a socket". */
  public String inTheWay() {
    String what =
        switch (mode & FORMAT) {
          case REGULAR -> "a regular file";
          case FOLDER -> "a folder";
          case LINK -> "a link";
          case SOCKET -> "a socket";
          default -> "a device or a pipe";
        };
    return what + " is there" + (isSocket() ? "" : ", not a socket");
  }

  /**
   * Removes the socket that was seen; does nothing where the name is gone or something else's by
   * now.
   *
   * @param caller makes the call
   * @return 0 or the negated errno
   */
  public int remove(Caller caller) {
    try {
      SocketName now = at(path);
      boolean same = Objects.equals(device, now.device) && Objects.equals(inode, now.inode);
      if (!isSocket() || !now.isSocket() || !same) {
        return 0;
      }
    } catch (IOException e) {
      return -Errno.EACCES;
    }
    try (Arena arena = Arena.ofConfined()) {
      long name = Native.string(arena, path.toString());
      // unlink(2): unlike remove(3) it never takes a folder.
      return caller.make(path, () -> Libc.unlink(name));
    }
  }

  /** The same as who we are. */
  public int remove() {
    return remove((file, call) -> call.getAsInt());
  }
}
