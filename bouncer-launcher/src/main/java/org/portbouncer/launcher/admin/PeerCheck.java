package org.portbouncer.launcher.admin;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntPredicate;

/**
 * Decides in the mother who may use the admin socket: root and the user the server runs as. The
 * socket's mode may let others connect (an operator's slip); they are turned away all the same.
 */
final class PeerCheck implements IntPredicate {

  private static final Path SELF = Path.of("/proc/self/status");
  private static final int NOBODY_ELSE = 0;

  /** Read anew at each connection: a server started as root becomes another user later. */
  @Override
  public boolean test(int uid) {
    return uid == 0 || uid == ownUid();
  }

  /**
   * The effective user of this process; root where it cannot be known, so that the doubtful are
   * refused.
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
