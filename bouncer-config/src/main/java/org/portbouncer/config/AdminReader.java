package org.portbouncer.config;

import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.InvalidValueException;

/** Reads where the admin socket is. Runs in the mother and in commands. */
final class AdminReader {

  static final Keys KEYS = new Keys("admin");

  private static final ConfigKey<String> SOCKET =
      KEYS.restartOnly(c -> c.admin().socket())
          .withDefault(
              "socket",
              new Form<>(
                  "path", (text, where) -> EndpointParser.socketPath(text, where.directory())),
              "/run/bouncer/admin.sock",
              "the admin socket; for a user who may not write there,"
                  + " `$XDG_RUNTIME_DIR/bouncer/admin.sock`, else `/tmp/bouncer-UID/admin.sock`");

  /** Permission bits of a file. */
  static final Form<Integer> PERMISSIONS = new Form<>("octal permissions", AdminReader::mode);

  private static final ConfigKey<Integer> MODE =
      KEYS.restartOnly(c -> c.admin().mode())
          .withDefault("mode", PERMISSIONS, "0600", "who may connect to the admin socket");

  private AdminReader() {}

  static Configuration.Admin read(Section admin) {
    return new Configuration.Admin(socket(admin), admin.read(MODE));
  }

  static String socket(Section admin) {
    return admin.read(SOCKET, AdminDefaults.socketPath());
  }

  private static Integer mode(String text, Where where) {
    if (!text.matches("0?[0-7]{3}")) {
      throw new InvalidValueException("'" + text + "' is not octal permissions such as 0600");
    }
    return Integer.parseInt(text, 8);
  }
}
