package org.portbouncer.launcher.mother.handover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.control.OrphanLink;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.LibcIdentity;
import org.portbouncer.core.sys.ProcessState;
import org.portbouncer.core.sys.SocketName;
import org.portbouncer.core.sys.Sockets;

/**
 * A server whose mother has died and whose io workers live, by the socket that they were given. In
 * the mother of the next, on her loop's thread.
 */
final class DeadServer {

  /** Calls that nobody has taken yet: a socket of datagrams holds some ten. */
  private static final int MOST_WAITING = 4;

  private static final int MOST_MISSED = 8;
  private static final int MODE = 07777;
  private static final int OWNER_ALONE = 0600;

  private final OrphanLink calling;
  private final List<OrphanCall> calls = new ArrayList<>();

  /** How many workers there are, as the first that answers says. */
  private int workers = 1;

  private DeadServer(int fd) {
    this.calling = new OrphanLink(fd);
  }

  /**
   * Looks who has that socket. One that nobody has is removed.
   *
   * @param own this process
   * @return null where there is nobody to ask
   */
  static DeadServer at(Path socket, int own) {
    try {
      SocketName name = SocketName.at(socket);
      if (!name.isSocket() || !isOurs(socket) || isAlive(socket, own)) {
        return null;
      }
      int fd = connect(socket);
      if (fd == -Errno.ECONNREFUSED) {
        name.remove();
      }
      return fd < 0 ? null : new DeadServer(fd);
    } catch (IOException | IllegalArgumentException e) {
      return null; // it is gone, or none of ours
    }
  }

  /** Removes it where nobody has it. */
  static void removeDeserted(Path socket, int own) {
    DeadServer there = at(socket, own);
    if (there != null) {
      there.close();
    }
  }

  private static boolean isOurs(Path socket) throws IOException {
    Map<String, Object> file =
        Files.readAttributes(socket, "unix:mode,uid", LinkOption.NOFOLLOW_LINKS);
    return (Integer) file.get("uid") == LibcIdentity.geteuid()
        && ((Integer) file.get("mode") & MODE) == OWNER_ALONE;
  }

  /** Whether the mother who made it lives: a process of her number that is older than it. */
  private static boolean isAlive(Path socket, int own) throws IOException {
    String name = String.valueOf(socket.getFileName());
    int from = name.lastIndexOf(CallSocket.INFIX) + CallSocket.INFIX.length();
    long pid = Long.parseLong(name.substring(from));
    Instant made = Files.getLastModifiedTime(socket, LinkOption.NOFOLLOW_LINKS).toInstant();
    return pid == own
        || ProcessHandle.of(pid)
            .filter(_ -> !ProcessState.isDead((int) pid))
            .flatMap(process -> process.info().startInstant())
            .filter(started -> !started.isAfter(made))
            .isPresent();
  }

  private static int connect(Path socket) {
    int type = Const.SOCK_DGRAM | Const.SOCK_CLOEXEC | Const.SOCK_NONBLOCK;
    int fd = Libc.socket(Const.AF_UNIX, type, 0);
    int result = fd < 0 ? fd : Sockets.connect(fd, socket.toString());
    if (result < 0 && fd >= 0) {
      Libc.close(fd);
    }
    return result < 0 ? result : fd;
  }

  List<OrphanCall> calls() {
    return calls;
  }

  /** So many workers there are, says one of them; no server has more than it has places. */
  void expects(int howMany) {
    workers = Math.clamp(howMany, workers, WorkerBoard.PLACES);
  }

  /** One that had taken a call is gone, or was none that answers: another may be there. */
  void missed() {
    if (calls.size() < MOST_MISSED) {
      workers = Math.max(workers, calls.size() + 1);
    }
  }

  /** Whether there may be one who was not asked yet, and room for the question. */
  boolean wantsCall() {
    return calls.size() < workers
        && calls.stream().filter(call -> !call.answered() && !call.over()).count() < MOST_WAITING;
  }

  /**
   * Calls one of the workers, whichever looks first.
   *
   * @return this server's end of the link, or the negated errno
   * @throws org.portbouncer.core.sys.SystemCallException where there is no link to be had
   */
  int call() {
    int[] pair = Sockets.pair(Const.SOCK_SEQPACKET);
    int errno = calling.call(pair[1]);
    Libc.close(pair[1]);
    if (errno != 0) {
      Libc.close(pair[0]);
      return -errno;
    }
    return pair[0];
  }

  /** Whether all that there are have been asked, and have said all. */
  boolean over() {
    return calls.stream().allMatch(OrphanCall::over)
        && (calls.size() >= workers || calls.isEmpty());
  }

  void close() {
    calls.forEach(OrphanCall::close);
    Libc.close(calling.fd());
  }
}
