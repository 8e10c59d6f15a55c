package org.portbouncer.launcher.mother.doors;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Locale;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.ListenOptions;
import org.portbouncer.core.sys.Accounts;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.LibcIdentity;
import org.portbouncer.core.sys.SocketName;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.privilege.RunAs;

/**
 * Binds a socket to a file whose permissions and owner are as wanted before anybody may connect, in
 * the place of one that nobody listens on any more.
 */
final class FileSocket {

  private FileSocket() {}

  /**
   * Binds it; whoever listens next lets clients in.
   *
   * @return 0 or the negated errno
   * @throws StartException where the file cannot be given to its owner; the socket is closed then
   */
  static int bind(
      int fd, Endpoint endpoint, ListenOptions options, long address, int length, RunAs runAs)
      throws StartException {
    Path path = Path.of(endpoint.path());
    int mask = -1;
    if (options.mode() >= 0) {
      // The file gets the socket's bits (unix_bind_bsd), less those of the mask.
      LibcIdentity.fchmod(fd, options.mode());
      mask = LibcIdentity.umask(0);
    }
    int result = runAs.make(path, () -> Libc.bind(fd, address, length));
    if (mask >= 0) {
      LibcIdentity.umask(mask);
    }
    if (result == 0) {
      try {
        give(
            path,
            "unix:uid",
            options.owner(),
            Accounts.user(options.owner()).map(u -> u.uid()).orElse(-1));
        give(path, "unix:gid", options.group(), Accounts.group(options.group()).orElse(-1));
      } catch (IOException e) {
        Libc.close(fd);
        String why =
            e instanceof FileSystemException system && system.getReason() != null
                ? system.getReason().toLowerCase(Locale.ROOT)
                : String.valueOf(e.getMessage());
        throw new StartException(
            "cannot listen on "
                + endpoint.text()
                + ": its file cannot be given to "
                + options.owner()
                + (options.group().isEmpty() ? "" : ":" + options.group())
                + ": "
                + why,
            e);
      }
    }
    return result;
  }

  private static void give(Path path, String attribute, String name, int id) throws IOException {
    if (!name.isEmpty()) {
      Files.setAttribute(path, attribute, id, LinkOption.NOFOLLOW_LINKS);
    }
  }

  /** A socket file that nobody listens on any more was left by a server that was killed. */
  static void removeStale(Endpoint endpoint, RunAs runAs) throws StartException {
    SocketName there;
    try {
      there = SocketName.at(Path.of(endpoint.path()));
    } catch (IOException e) {
      throw Binding.failure(endpoint, Errno.EACCES);
    }
    if (!there.isTaken()) {
      return;
    }
    if (!there.isSocket()) {
      throw new StartException("cannot listen on " + endpoint.text() + ": " + there.inTheWay());
    }
    int result = Sockets.probe(endpoint.path());
    if (Errno.isDescriptorLimit(-result)) {
      throw Binding.failure(endpoint, -result);
    }
    if (result != -Errno.ECONNREFUSED) {
      throw Binding.failure(endpoint, Errno.EADDRINUSE);
    }
    int removed = there.remove(runAs::make);
    if (removed < 0 && removed != -Errno.ENOENT) {
      throw new StartException(
          "cannot listen on "
              + endpoint.text()
              + ": cannot remove the old socket file: "
              + Errno.text(-removed));
    }
  }

  /** The file that a socket has just been bound to. */
  static SocketName made(Endpoint endpoint, int fd) throws StartException {
    try {
      return SocketName.at(Path.of(endpoint.path()));
    } catch (IOException e) {
      Libc.close(fd);
      throw new StartException(
          "cannot listen on " + endpoint.text() + ": its socket file cannot be looked at", e);
    }
  }
}
