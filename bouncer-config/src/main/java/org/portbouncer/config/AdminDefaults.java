package org.portbouncer.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the admin socket is when nobody says. Runs in the mother and in commands. */
public final class AdminDefaults {

  private static final Path RUN = Path.of("/run/bouncer");

  private AdminDefaults() {}

  /**
   * {@code /run/bouncer/admin.sock} for root and for who may write there, otherwise {@code
   * $XDG_RUNTIME_DIR/bouncer/admin.sock}, otherwise {@code /tmp/bouncer-UID/admin.sock}.
   */
  public static String socketPath() {
    return socketPath(uid(), Files.isWritable(RUN), System.getenv("XDG_RUNTIME_DIR"));
  }

  /**
   * Where a command looks that names no server: at the user's own default, or, where there is
   * nothing and the service's folder is there, at the service's. Whoever may not enter that folder
   * hears so of the path that the service really has.
   */
  public static String commandSocketPath() {
    String own = socketPath();
    return commandSocketPath(own, Files.exists(Path.of(own)), Files.isDirectory(RUN));
  }

  static String commandSocketPath(String own, boolean ownExists, boolean serviceFolder) {
    return ownExists || !serviceFolder ? own : RUN + "/admin.sock";
  }

  /** The folder of the service; only root can make or give away what lies in /run. */
  public static Path serviceFolder() {
    return RUN;
  }

  static String socketPath(String uid, boolean runIsWritable, String runtimeDirectory) {
    if (uid.equals("0") || runIsWritable) {
      return RUN + "/admin.sock";
    }
    if (runtimeDirectory != null && runtimeDirectory.startsWith("/")) {
      return runtimeDirectory + "/bouncer/admin.sock";
    }
    return "/tmp/bouncer-" + uid + "/admin.sock";
  }

  /** The effective user id; the user's name where the kernel does not tell. */
  private static String uid() {
    try {
      // ISO 8859-1 because the process name in this file can hold any byte.
      for (String line :
          Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.ISO_8859_1)) {
        String[] fields = line.split("\\s+", -1);
        if (fields[0].equals("Uid:") && fields.length > 2) {
          return fields[2];
        }
      }
    } catch (IOException e) {
      // Without /proc the user's name is told apart as well.
    }
    String name = System.getProperty("user.name", "");
    return name.equals("root") ? "0" : name;
  }
}
