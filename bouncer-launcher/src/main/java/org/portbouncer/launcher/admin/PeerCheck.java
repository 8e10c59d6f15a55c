package org.portbouncer.launcher.admin;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Decides in the mother who may use the admin socket: root, the user the server runs as, and, where
 * the socket's mode lets its group write, who is in that group. Everybody else is turned away, even
 * where the mode lets all connect (an operator's slip).
 */
final class PeerCheck implements Predicate<Peer> {

  private static final Path SELF = Path.of("/proc/self/status");
  private static final int NOBODY_ELSE = 0;

  private final Path socket;

  /**
   * @param socket whose mode and group decide; both may be changed while the server runs
   */
  PeerCheck(Path socket) {
    this.socket = socket;
  }

  @Override
  public boolean test(Peer peer) {
    return owns(peer) || isOfTheGroup(peer);
  }

  /** Whether it is root, or the user the server runs as. */
  static boolean owns(Peer peer) {
    return peer.uid() == 0 || peer.uid() == ownUid();
  }

  private boolean isOfTheGroup(Peer peer) {
    try {
      Map<String, Object> file =
          Files.readAttributes(socket, "unix:mode,gid", LinkOption.NOFOLLOW_LINKS);
      return ((Integer) file.get("mode") & SocketFile.GROUP_WRITES) != 0
          && peer.isIn((Integer) file.get("gid"));
    } catch (IOException gone) {
      return false;
    }
  }

  /**
   * The effective user of this process, read anew at each connection: a server started as root
   * becomes another user later. Root where it cannot be known, so that the doubtful are refused.
   */
  private static int ownUid() {
    try {
      for (String line : Files.readAllLines(SELF, StandardCharsets.ISO_8859_1)) {
        if (line.startsWith("Uid:")) { // real, effective, saved, file system
          return Integer.parseUnsignedInt(line.split("\\s+", -1)[2]);
        }
      }
    } catch (IOException | NumberFormatException e) {
      return NOBODY_ELSE;
    }
    return NOBODY_ELSE;
  }
}
