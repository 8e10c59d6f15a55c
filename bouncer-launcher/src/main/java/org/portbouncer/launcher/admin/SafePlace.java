package org.portbouncer.launcher.admin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.portbouncer.core.sys.LibcIdentity;

/**
 * Whether strangers could have put a socket, or a folder on the way to it, where it is. In a folder
 * that everybody may write to, such as {@code /tmp}, whoever comes first has the name: there only
 * what belongs to somebody trusted counts, and only where the sticky bit keeps it theirs. Checked
 * by the server before it opens its admin socket, and by commands before they talk to one.
 */
public final class SafePlace {

  private static final int ROOT = 0;
  private static final int OTHERS_WRITE = 0002;
  private static final int STICKY = 01000;

  private SafePlace() {}

  /**
   * Looks at the whole way; what is not there yet is nobody's.
   *
   * @param socket the path of a socket
   * @param trusted whose files are good, beside root's and those of who runs this
   * @throws IOException with a message that names the stranger's file, or the folder that lets
   *     everybody replace what is in it
   */
  public static void check(Path socket, Set<Integer> trusted) throws IOException {
    Path path = socket.toAbsolutePath();
    walk(path, trusted);
    Path real = real(path);
    if (!real.equals(path)) {
      walk(real, trusted);
    }
  }

  /** Where links lead to, as far as that exists. */
  private static Path real(Path path) throws IOException {
    for (Path there = path.getParent(); there != null; there = there.getParent()) {
      if (Files.exists(there)) {
        return there.toRealPath().resolve(there.relativize(path));
      }
    }
    return path;
  }

  private static void walk(Path path, Set<Integer> trusted) throws IOException {
    Path folder = path.getRoot();
    for (Path name : path) {
      Path child = folder.resolve(name);
      Map<String, Object> its;
      Map<String, Object> folders;
      try {
        its = Files.readAttributes(child, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
        folders = Files.readAttributes(folder, "unix:mode");
      } catch (NoSuchFileException e) {
        return;
      }
      int mode = (Integer) folders.get("mode");
      if ((mode & OTHERS_WRITE) != 0) {
        if ((mode & STICKY) == 0) {
          throw new IOException(folder + " lets everybody replace what is in it");
        }
        int owner = (Integer) its.get("uid");
        if (owner != ROOT && owner != LibcIdentity.geteuid() && !trusted.contains(owner)) {
          throw new IOException(child + " belongs to another user (uid " + owner + ")");
        }
      }
      folder = child;
    }
  }
}
