package org.portbouncer.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** Other users of this machine, for those who may become them. */
final class Accounts {
  /** A user and a group that every system has, for the server. */
  static final String USER = "nobody";

  /** Another user, who has nothing to do with it. */
  static final String OTHER = "daemon";

  private Accounts() {}

  static boolean isRoot() throws IOException {
    return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
  }

  /** The numbers of a user: user and group. */
  static int uid(String user) throws Exception {
    return id("-u", user);
  }

  static int gid(String user) throws Exception {
    return id("-g", user);
  }

  private static int id(String option, String user) throws Exception {
    return Integer.parseInt(CommandResult.run(null, List.of("id", option, user)).outText());
  }

  /** A command to be run as that user with the user's own group; needs root. */
  static List<String> as(String user, String... command) throws Exception {
    List<String> words = new ArrayList<>();
    String group = Integer.toString(gid(user));
    words.addAll(List.of("setpriv", "--reuid=" + user, "--regid=" + group, "--clear-groups"));
    words.addAll(List.of(command));
    return words;
  }

  /** The same with one more group, by its number. */
  static List<String> inGroup(String user, String group, String... command) throws Exception {
    List<String> words = as(user, command);
    words.set(words.indexOf("--clear-groups"), "--groups=" + group);
    return words;
  }

  /** Skips a test for which the user cannot reach the program: in a home folder, for one. */
  static void assumeReachable(String user) throws Exception {
    String root = Checkout.root().toString();
    CommandResult look = CommandResult.run(null, as(user, "ls", root + "/bin/bouncer"));
    assumeTrue(look.exit() == 0, "the checkout is not for " + user + " to read");
  }

  /** Lets a user use a folder of the test's as its own. */
  static void give(Path folder, String user) throws Exception {
    Files.setAttribute(folder, "unix:uid", uid(user));
    Files.setAttribute(folder, "unix:gid", gid(user));
  }

  /** Lets everybody pass through a folder of the test's to what is in it. */
  static void open(Path folder) throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
  }
}
