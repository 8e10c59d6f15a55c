package org.portbouncer.core.hop;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * Session state in files that have no name: memory files, or unlinked ones in a directory. One file
 * serves a session from its first hop to the end of its set-up; it travels as a descriptor, and a
 * stage reads and writes only the fixed part. On the thread of its process's loop.
 */
public final class StateFiles {

  private static final int EISDIR = 21;
  private static final int EOPNOTSUPP = 95;
  private static final int O_CREAT = 0x40;
  private static final int O_EXCL = 0x80;
  private static final int MODE = 0600;
  private static final int PIECE = 64 * 1024;

  /** O_TMPFILE is a bit of its own and O_DIRECTORY, whose value depends on the machine. */
  private static final int O_TMPFILE =
      0x400000 | (System.getProperty("os.arch").equals("amd64") ? 0x10000 : 0x4000);

  private final String directory;
  private final long directoryName;
  private final long memfdName = Native.string(Arena.global(), "bouncer-session");
  private final MemorySegment vectors = Native.allocate(32);
  private long sequence;

  /**
   * Makes files.
   *
   * @param directory where; "" for memory files
   */
  public StateFiles(String directory) {
    this.directory = directory;
    this.directoryName = directory.isEmpty() ? 0 : Native.string(Arena.global(), directory);
  }

  /** Whether files are made in a directory, which may be full or forbidden. */
  public boolean inDirectory() {
    return !directory.isEmpty();
  }

  /**
   * Writes the whole state of a session into a new file and gives that to the session.
   *
   * @return 0 or the errno; the session is as it was then
   */
  public int create(Session session) {
    return create(session, open());
  }

  /** As {@link #create}, in memory whatever the configuration says. */
  public int createInMemory(Session session) {
    return create(session, Libc.memfdCreate(memfdName, Const.MFD_CLOEXEC));
  }

  /**
   * Moves the state of a session whose file cannot be written any more into memory.
   *
   * @return 0 or the errno; the session is as it was then
   */
  int moveToMemory(Session session) {
    int fd = Libc.memfdCreate(memfdName, Const.MFD_CLOEXEC);
    if (fd < 0) {
      return -fd;
    }
    long written = Libc.pwrite(fd, session.headAddress(), SessionState.BYTES, 0);
    int errno = written < 0 ? (int) -written : copyTail(session, fd);
    if (errno != 0) {
      Libc.close(fd);
      return errno;
    }
    session.descriptors().put(Descriptors.STATE, fd);
    session.state().unchanged();
    return 0;
  }

  private static int copyTail(Session session, int fd) {
    int from = session.descriptors().peek(Descriptors.STATE);
    int length = session.state().length();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate(PIECE);
      for (long done = SessionState.BYTES; done < length; ) {
        long read = Libc.pread(from, piece.address(), Math.min(PIECE, length - done), done);
        long written = read <= 0 ? read : Libc.pwrite(fd, piece.address(), read, done);
        if (written <= 0) {
          return written < 0 ? (int) -written : Errno.EIO;
        }
        done += written;
      }
    }
    return 0;
  }

  private int create(Session session, int fd) {
    if (fd < 0) {
      return -fd;
    }
    int errno = writeAll(session, fd);
    if (errno != 0) {
      Libc.close(fd);
      return errno;
    }
    session.descriptors().put(Descriptors.STATE, fd);
    session.inFile();
    return 0;
  }

  private int writeAll(Session session, int fd) {
    vectors.set(java.lang.foreign.ValueLayout.JAVA_LONG, 0, session.headAddress());
    vectors.set(java.lang.foreign.ValueLayout.JAVA_LONG, 8, session.headLength());
    vectors.set(java.lang.foreign.ValueLayout.JAVA_LONG, 16, session.tailAddress());
    vectors.set(java.lang.foreign.ValueLayout.JAVA_LONG, 24, session.tailLength());
    int length = session.state().length();
    long written = Libc.pwritev(fd, vectors.address(), session.tailLength() == 0 ? 1 : 2, 0);
    if (written < 0) {
      return (int) -written;
    }
    return written == length ? 0 : Errno.ENOSPC;
  }

  private int open() {
    if (directory.isEmpty()) {
      return Libc.memfdCreate(memfdName, Const.MFD_CLOEXEC);
    }
    int fd = Libc.open(directoryName, O_TMPFILE | Const.O_RDWR | Const.O_CLOEXEC, MODE);
    return fd == -EOPNOTSUPP || fd == -EISDIR ? openAndUnlink() : fd;
  }

  /** For file systems without O_TMPFILE. */
  private int openAndUnlink() {
    try (Arena arena = Arena.ofConfined()) {
      String path = directory + "/.bouncer-" + ProcessHandle.current().pid() + "-" + sequence++;
      long name = Native.string(arena, path);
      int fd = Libc.open(name, O_CREAT | O_EXCL | Const.O_RDWR | Const.O_CLOEXEC, MODE);
      if (fd >= 0) {
        Libc.unlink(name);
      }
      return fd;
    }
  }

  /**
   * Writes the fixed part again, where it has changed since it was read.
   *
   * @return 0 or the errno
   */
  public static int update(Session session) {
    SessionState state = session.state();
    if (!state.changed()) {
      return 0;
    }
    long written =
        Libc.pwrite(
            session.descriptors().peek(Descriptors.STATE),
            session.headAddress(),
            SessionState.BYTES,
            0);
    if (written != SessionState.BYTES) {
      return written < 0 ? (int) -written : Errno.ENOSPC;
    }
    state.unchanged();
    return 0;
  }

  /**
   * Reads a state's fixed part from the session's file into its own memory.
   *
   * @param length as the message announced it
   * @return whether there is a state of that length
   */
  static boolean read(Session session, int length) {
    long head = session.ownHead();
    long read =
        Libc.pread(session.descriptors().peek(Descriptors.STATE), head, SessionState.BYTES, 0);
    if (read != SessionState.BYTES || !session.wrapOwnHead(length)) {
      return false;
    }
    session.inFile();
    return true;
  }

  /**
   * Reads what follows the fixed part.
   *
   * @return bytes read, or the negated errno
   */
  public static long readTail(Session session, long address, long length) {
    return readTail(session, address, 0, length);
  }

  /** As above, from so many bytes behind the fixed part on. */
  static long readTail(Session session, long address, long from, long length) {
    int fd = session.descriptors().peek(Descriptors.STATE);
    long done = 0;
    while (done < length) {
      long read = Libc.pread(fd, address + done, length - done, SessionState.BYTES + from + done);
      if (read <= 0) {
        return read < 0 ? read : done;
      }
      done += read;
    }
    return done;
  }

  /**
   * Writes bytes behind the end of a state; the fixed part follows with {@link #update}.
   *
   * @return 0 or the errno; nothing has changed then
   */
  private static int append(Session session, MemorySegment bytes) {
    int fd = session.descriptors().peek(Descriptors.STATE);
    long written = Libc.pwrite(fd, bytes.address(), bytes.byteSize(), session.state().length());
    if (written != bytes.byteSize()) {
      return written < 0 ? (int) -written : Errno.ENOSPC;
    }
    return 0;
  }

  /**
   * Adds a section to a session's state, wherever that travels; a slot that has no room for it is
   * left for a file in memory, and so is a file that takes no more.
   *
   * @return 0 or the errno; the session is as it was then
   */
  public int addSection(
      Session session, Sections.Type type, MemorySegment from, long at, int length) {
    int bytes = Sections.bytes(length);
    if (session.state().sections() + bytes > Sections.MOST) {
      return Errno.EMSGSIZE;
    }
    if (session.hasRoomFor(bytes)) {
      session.addSection(type, from, at, length);
      return 0;
    }
    int errno = session.transfer() == Mode.SHM ? createInMemory(session) : 0;
    if (errno != 0) {
      return errno;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment section = arena.allocate(bytes);
      Sections.put(section, 0, type, from, at, length);
      errno = append(session, section);
      if (errno != 0) {
        errno = moveToMemory(session);
        errno = errno == 0 ? append(session, section) : errno;
      }
    }
    if (errno == 0) {
      session.grown(bytes);
    }
    return errno;
  }
}
