package org.portbouncer.launcher.privilege;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.IntSupplier;
import org.portbouncer.core.sys.Accounts;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.KernelCalls;
import org.portbouncer.core.sys.LibcIdentity;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

/**
 * The user and group that the mother takes on once everything is bound, and what must be prepared
 * for them before. Only root can change; for anybody else this changes nothing.
 *
 * <p>Files are made as that user wherever the folder is the user's to write: then the user can
 * remove them again, and whoever has taken the user over cannot lead root astray with a link. Only
 * in folders that are not the user's does root make them.
 *
 * <p>On the main thread of the mother, before she has others that open files.
 */
public final class RunAs {

  /** For a process that stays who it is. */
  public static final RunAs UNCHANGED = new RunAs("", "", -1, -1, new int[0], false);

  private static final int ROOT = 0;
  private static final int W_OK = 2;
  private static final int X_OK = 1;

  private final String user;
  private final String group;
  private final int uid;
  private final int gid;
  private final int[] groups;
  private final boolean changes;

  /** Whether the change is still ahead. */
  private volatile boolean ahead;

  private RunAs(String user, String group, int uid, int gid, int[] groups, boolean changes) {
    this.user = user;
    this.group = group;
    this.uid = uid;
    this.gid = gid;
    this.groups = groups;
    this.changes = changes;
    this.ahead = changes;
  }

  /**
   * Looks up who is wanted.
   *
   * @param user the configured user; "" for no change
   * @param group the configured group; "" for the user's
   * @throws IOException where there is no such user or group
   */
  public static RunAs of(String user, String group) throws IOException {
    int uid = LibcIdentity.geteuid();
    int gid = LibcIdentity.getegid();
    boolean root = uid == ROOT;
    if (!user.isEmpty()) {
      Accounts.User account =
          Accounts.user(user)
              .orElseThrow(() -> new IOException("this machine has no user '" + user + "'"));
      uid = account.uid();
      gid = account.gid();
    }
    if (!group.isEmpty()) {
      gid =
          Accounts.group(group)
              .orElseThrow(() -> new IOException("this machine has no group '" + group + "'"));
    }
    int[] groups = user.isEmpty() ? new int[] {gid} : Accounts.groups(user, gid);
    boolean another = uid != LibcIdentity.geteuid() || gid != LibcIdentity.getegid();
    return new RunAs(user, group, uid, gid, groups, root && another);
  }

  /** Whether {@link #enter} changes anything. */
  public boolean changes() {
    return changes;
  }

  /** Whether the configuration wants another user or group than this process can become. */
  public boolean isOutOfReach() {
    return !changes && (uid != LibcIdentity.geteuid() || gid != LibcIdentity.getegid());
  }

  public int uid() {
    return uid;
  }

  public int gid() {
    return gid;
  }

  /** For messages: "user nobody, group nogroup". */
  @Override
  public String toString() {
    String who = user.isEmpty() ? "" : "user " + user;
    String which = group.isEmpty() ? "" : "group " + group;
    return who + (who.isEmpty() || which.isEmpty() ? "" : ", ") + which;
  }

  /** Whether that user may make files in {@code folder}; false where no change is ahead. */
  public boolean owns(Path folder) {
    if (!ahead) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      long path = Native.string(arena, folder.toString());
      return as(() -> LibcIdentity.access(path, W_OK | X_OK)) == 0;
    }
  }

  /**
   * Makes a file: as that user where the folder is the user's, otherwise as who we are.
   *
   * @param file what is made
   * @param call makes it, by system calls alone: other threads do not change along
   * @return what {@code call} returns
   */
  public int make(Path file, IntSupplier call) {
    Path folder = file.toAbsolutePath().getParent();
    return folder != null && owns(folder) ? as(call) : call.getAsInt();
  }

  /** Gives an open file that root has made to that user. */
  public void give(int fd) {
    if (ahead) {
      LibcIdentity.fchown(fd, uid, gid);
    }
  }

  /** Gives a file or folder that root has just made, in a folder of root's, to that user. */
  public void give(Path file) throws IOException {
    if (ahead) {
      Files.setAttribute(file, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(file, "unix:gid", gid, LinkOption.NOFOLLOW_LINKS);
    }
  }

  /**
   * Does something as that user, in this thread alone. The saved user stays root's, which is the
   * way back.
   */
  private int as(IntSupplier call) {
    int ourGid = LibcIdentity.getegid();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment theirs = Accounts.list(arena, groups);
      MemorySegment ours = ourGroups(arena);
      try {
        check("setgroups", KernelCalls.setgroups(groups.length, theirs.address()));
        check("setresgid", KernelCalls.setresgid(gid, gid, ourGid));
        check("setresuid", KernelCalls.setresuid(uid, uid, ROOT));
        return call.getAsInt();
      } finally {
        check("setresuid", KernelCalls.setresuid(ROOT, ROOT, ROOT));
        check("setresgid", KernelCalls.setresgid(ourGid, ourGid, ourGid));
        check("setgroups", KernelCalls.setgroups(ours.byteSize() / 4, ours.address()));
      }
    }
  }

  private static MemorySegment ourGroups(Arena arena) {
    int count = check("getgroups", LibcIdentity.getgroups(0, 0));
    MemorySegment list = arena.allocate(4L * count, 4);
    check("getgroups", LibcIdentity.getgroups(count, list.address()));
    return list;
  }

  /**
   * Becomes that user in all threads, for good. Of root's capabilities the calling thread keeps the
   * one to bind ports below 1024, for listeners that a reload adds, and, until {@link #keep}, those
   * that sockets may need; other threads keep none.
   *
   * @param forSockets capabilities that connect workers may need
   * @throws IOException where the system does not let us
   */
  public void enter(int... forSockets) throws IOException {
    if (!ahead) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      Capabilities.keepThroughChange();
      Capabilities.bound(with(forSockets));
      check(
          "setgroups",
          LibcIdentity.setgroups(groups.length, Accounts.list(arena, groups).address()));
      check("setresgid", LibcIdentity.setresgid(gid, gid, gid));
      check("setresuid", LibcIdentity.setresuid(uid, uid, uid));
      ahead = false;
      if (uid != ROOT) {
        Capabilities.keepOnly(with(forSockets));
      }
    } catch (SystemCallException e) {
      throw new IOException("cannot become " + this + ": " + Errno.text(e.errno()), e);
    }
    if (uid != ROOT && LibcIdentity.setresuid(-1, ROOT, -1) == 0) {
      throw new IOException("became " + this + ", but can still go back to root");
    }
  }

  /**
   * Gives up the capabilities that sockets do not need after all. Not before all threads have
   * changed: the C library ends the process where one of them could not.
   *
   * @param forSockets the one that connect workers get; {@link SocketRights#NONE}
   */
  public void keep(int forSockets) {
    if (changes && uid != ROOT) {
      Capabilities.keepOnly(with(new int[] {forSockets}));
    }
  }

  private static int[] with(int[] forSockets) {
    int[] all = Arrays.copyOf(forSockets, forSockets.length + 1);
    all[forSockets.length] = Const.CAP_NET_BIND_SERVICE;
    return all;
  }

  private static int check(String call, int result) {
    return SystemCallException.check(call, result);
  }
}
