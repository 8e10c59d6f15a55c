package org.portbouncer.launcher.admin;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.SocketName;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.launcher.privilege.RunAs;

/**
 * The admin socket's place in the file system, kept by the mother.
 *
 * <p>A socket file gets the mode that the umask leaves, and may be connected to from that moment.
 * So it is bound inside a folder that only this user may enter, given its mode there, and only then
 * linked to its name: nobody ever meets it with another mode. Linking, unlike renaming, never
 * replaces what another server has put there meanwhile.
 */
final class SocketFile {

  /** To connect is to write. */
  static final int GROUP_WRITES = 0020;

  private static final int BACKLOG = 64;

  private static final Duration STOPPING_PATIENCE = Duration.ofSeconds(2);

  private static final SecureRandom RANDOM = new SecureRandom();

  private final SocketName name;

  private SocketFile(SocketName name) {
    this.name = name;
  }

  /**
   * Binds a socket and lets it listen at {@code path}.
   *
   * @param fd the socket; stays the caller's
   * @param mode the permission bits of the file
   * @param runAs whose it shall be
   * @throws IOException with a message for the operator
   */
  static SocketFile bind(int fd, Path path, int mode, RunAs runAs) throws IOException {
    return bind(fd, path, mode, runAs, false);
  }

  /**
   * The same in the place of the server before this one, whose socket goes in the same instant.
   *
   * @throws IOException with a message for the operator
   */
  static SocketFile replace(int fd, Path path, int mode, RunAs runAs) throws IOException {
    return bind(fd, path, mode, runAs, true);
  }

  private static SocketFile bind(int fd, Path path, int mode, RunAs runAs, boolean replaces)
      throws IOException {
    Path parent = folder(path);
    // A name that nobody can have made before: nothing that is there is ever removed.
    Path folder = parent.resolve(".b" + Integer.toHexString(RANDOM.nextInt()));
    Path unnamed = folder.resolve("s");
    if (!Wire.fits(path) || !Wire.fits(unnamed)) {
      throw new IOException(
          "admin socket " + path + ": the path is too long; " + Wire.MAX_PATH_BYTES + " bytes fit");
    }
    createFolder(path, mode, runAs);
    if (!replaces) {
      removeStale(path, runAs);
    }
    createPrivateFolder(path, folder);
    try {
      listen(fd, unnamed);
      Files.setPosixFilePermissions(unnamed, permissions(mode));
      runAs.give(unnamed);
      if (replaces) {
        Files.move(unnamed, path, StandardCopyOption.ATOMIC_MOVE);
      } else {
        Files.createLink(path, unnamed);
      }
    } catch (FileAlreadyExistsException e) {
      throw anotherAnswers(path);
    } catch (IOException e) {
      throw new IOException("admin socket " + path + ": " + reason(e), e);
    } finally {
      Files.deleteIfExists(unnamed);
      Files.deleteIfExists(folder);
    }
    return new SocketFile(SocketName.at(path));
  }

  /** Whether it is still the one that has the name; to be called while the socket is open. */
  boolean hasName() {
    return name.isStill();
  }

  /**
   * Removes the file, unless somebody has put another in its place. To be called while the socket
   * is open.
   */
  void remove() {
    // What root has made in a folder of root's stays; the next start finds nobody there.
    name.remove();
  }

  /** The folder that a socket is in. */
  static Path folder(Path path) {
    return Objects.requireNonNull(path.toAbsolutePath().getParent(), "a socket path");
  }

  /**
   * Makes the folder of a socket where it is missing: for its owner alone, or for the group too
   * where the socket is.
   *
   * @throws IOException where it cannot be made, or is a stranger's
   */
  static void createFolder(Path path, int mode, RunAs runAs) throws IOException {
    makeFolder(path, mode, runAs);
    try {
      SafePlace.check(path, Set.of(runAs.changes() ? runAs.uid() : 0));
    } catch (IOException e) {
      throw new IOException("admin socket " + path + ": " + e.getMessage(), e);
    }
  }

  private static void makeFolder(Path path, int mode, RunAs runAs) throws IOException {
    Path parent = folder(path);
    if (Files.isDirectory(parent)) {
      return;
    }
    String access = (mode & GROUP_WRITES) == 0 ? "rwx------" : "rwxr-x---";
    try {
      Files.createDirectory(
          parent, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(access)));
      runAs.give(parent);
    } catch (NoSuchFileException e) {
      throw new IOException(
          "admin socket " + path + ": the folder " + parent.getParent() + " does not exist", e);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(parent)) {
        throw new IOException("admin socket " + path + ": " + parent + " is not a folder", e);
      }
    } catch (IOException e) {
      throw new IOException(
          "admin socket " + path + ": cannot create the folder " + parent + ": " + reason(e), e);
    }
  }

  private static void createPrivateFolder(Path path, Path folder) throws IOException {
    try {
      Files.createDirectory(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw new IOException(
          "admin socket " + path + ": cannot write to " + folder.getParent() + ": " + reason(e), e);
    }
  }

  private static void removeStale(Path path, RunAs runAs) throws IOException {
    SocketName there = SocketName.at(path);
    if (!there.isTaken()) {
      return;
    }
    if (!there.isSocket()) {
      throw new IOException("admin socket " + path + ": " + there.inTheWay());
    }
    if (answers(path) && !isOfOneThatStops(path)) {
      throw anotherAnswers(path);
    }
    int removed = there.remove(runAs::make);
    if (removed < 0 && removed != -Errno.ENOENT) {
      throw new IOException(
          "admin socket " + path + ": cannot replace it: " + Errno.text(-removed));
    }
  }

  private static void listen(int fd, Path path) throws IOException {
    int result = Sockets.bind(fd, path.toString());
    if (result == 0) {
      result = Libc.listen(fd, BACKLOG);
    }
    if (result < 0) {
      throw new IOException(Errno.text(-result));
    }
  }

  /** Whether a process listens there; a full listen queue is somebody's too. */
  private static boolean answers(Path path) throws IOException {
    int result = Sockets.probe(path.toString());
    if (Errno.isDescriptorLimit(-result)) {
      throw new IOException("admin socket " + path + ": " + Errno.text(-result));
    }
    return result == 0 || result == -Errno.EAGAIN;
  }

  /**
   * Whether the server that answers there is on its way out: it accepts nobody any more, and leaves
   * the name to whoever comes next.
   */
  private static boolean isOfOneThatStops(Path path) {
    try (AdminClient other = AdminClient.connect(path, STOPPING_PATIENCE)) {
      return Boolean.TRUE.equals(Json.parseObject(other.ask(Requests.status())).get("stopping"));
    } catch (IOException | Json.MalformedException e) {
      return false;
    }
  }

  private static IOException anotherAnswers(Path path) {
    return new IOException("another bouncer answers at " + path);
  }

  private static Set<PosixFilePermission> permissions(int mode) {
    Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
    PosixFilePermission[] fromHighestBit = PosixFilePermission.values();
    for (int i = 0; i < fromHighestBit.length; i++) {
      if ((mode & (0400 >> i)) != 0) {
        set.add(fromHighestBit[i]);
      }
    }
    return set;
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileSystemException system && system.getReason() != null) {
      return system.getReason();
    }
    return String.valueOf(e.getMessage());
  }
}
