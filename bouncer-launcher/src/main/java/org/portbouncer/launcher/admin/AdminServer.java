package org.portbouncer.launcher.admin;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import jnr.constants.platform.Shutdown;
import jnr.enxio.channels.Native;
import jnr.unixsocket.UnixServerSocketChannel;
import jnr.unixsocket.UnixSocketChannel;
import jnr.unixsocket.UnixSocketOptions;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.launcher.privilege.RunAs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The admin socket, served by the mother: one accepting thread and one thread for each connection,
 * all daemons and none of them the mother's own. Whatever peers do, accepting goes on until {@link
 * #close}.
 */
public final class AdminServer implements Closeable {

  private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);
  private static final long PAUSE_MS = 200;
  private static final long JOIN_MS = 1000;

  private final UnixServerSocketChannel channel;
  private final SocketFile file;
  private final Operations operations;
  private final Bounds bounds;
  private final Predicate<Peer> mayUse;
  private final Set<AdminConnection> connections = ConcurrentHashMap.newKeySet();
  private final Thread acceptor;
  private boolean listening = true;

  /**
   * What the server bears with.
   *
   * @param idle how long a peer may take for a line, or to read an answer
   * @param connections the most at once
   */
  record Bounds(Duration idle, int connections) {
    static final Bounds DEFAULT = new Bounds(Duration.ofSeconds(30), 32);
  }

  private AdminServer(
      UnixServerSocketChannel channel,
      SocketFile file,
      Operations operations,
      Bounds bounds,
      Predicate<Peer> mayUse) {
    this.channel = channel;
    this.file = file;
    this.operations = operations;
    this.bounds = bounds;
    this.mayUse = mayUse;
    this.acceptor = Thread.ofPlatform().daemon().name("admin-accept").unstarted(this::acceptAll);
  }

  /**
   * Opens the socket and begins to answer.
   *
   * @param socket its path; the folder it is in is made where it is missing
   * @param mode its permission bits
   * @param runAs whose it shall be
   * @param operations what may be asked
   * @throws IOException with a message for the operator, the path in it
   */
  public static AdminServer open(Path socket, int mode, RunAs runAs, Operations operations)
      throws IOException {
    return open(socket, mode, runAs, operations, Bounds.DEFAULT, new PeerCheck(socket));
  }

  /**
   * Whether root must open the socket before another user is taken on, because that user may not
   * make files in its folder. Makes the folder where it is missing.
   */
  public static boolean needsRoot(Path socket, int mode, RunAs runAs) throws IOException {
    if (!runAs.changes()) {
      return false;
    }
    SocketFile.createFolder(socket, mode, runAs);
    return !runAs.owns(SocketFile.folder(socket));
  }

  static AdminServer open(
      Path socket,
      int mode,
      RunAs runAs,
      Operations operations,
      Bounds bounds,
      Predicate<Peer> mayUse)
      throws IOException {
    UnixServerSocketChannel channel = UnixServerSocketChannel.open();
    keepFromPrograms(channel.getFD());
    try {
      SocketFile file = SocketFile.bind(channel, socket, mode, runAs);
      AdminServer server = new AdminServer(channel, file, operations, bounds, mayUse);
      server.acceptor.start();
      return server;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Removes the socket file, stops accepting and ends the connections; answers on their way are
   * still written.
   */
  @Override
  public void close() throws IOException {
    synchronized (this) {
      if (!listening) {
        return;
      }
      listening = false;
      // Wakes the acceptor, which owns the descriptor and closes it; to close it here would leave
      // the thread
      // accepting on whatever gets the number next.
      Native.shutdown(channel.getFD(), Shutdown.SHUT_RDWR.intValue());
    }
    file.remove();
    try {
      acceptor.join(JOIN_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    connections.forEach(AdminConnection::interrupt);
  }

  private synchronized boolean listening() {
    return listening;
  }

  private void acceptAll() {
    try (channel) {
      while (listening()) {
        acceptOne();
      }
    } catch (IOException e) {
      LOG.warn("admin socket: closing failed: {}", e.getMessage());
    }
  }

  private void acceptOne() {
    try {
      UnixSocketChannel peer = channel.accept();
      if (peer != null) {
        serve(peer);
      }
    } catch (IOException | RuntimeException e) {
      if (listening()) { // out of descriptors, most likely: it passes
        LOG.warn("admin socket: cannot accept: {}", e.getMessage());
        pause();
      }
    }
  }

  /** Workers are started while the socket is open, and it is none of theirs. */
  private static void keepFromPrograms(int fd) {
    Libc.fcntl(fd, Const.F_SETFD, Const.FD_CLOEXEC);
  }

  private void serve(UnixSocketChannel peer) throws IOException {
    keepFromPrograms(peer.getFD());
    AdminConnection connection = new AdminConnection(peer, operations, connections::remove);
    try {
      int idleMs = (int) bounds.idle().toMillis();
      peer.setOption(UnixSocketOptions.SO_RCVTIMEO, idleMs);
      peer.setOption(UnixSocketOptions.SO_SNDTIMEO, idleMs);
      Peer who = Peer.of(peer);
      if (!mayUse.test(who)) {
        LOG.warn("admin socket: refused uid {} (pid {})", who.uid(), who.pid());
        connection.refuse(
            "permission denied: this socket is for root, the server's own user and, where"
                + " admin.mode lets it write, its group");
        return;
      }
      if (connections.size() >= bounds.connections()) {
        connection.refuse("too many admin connections");
        return;
      }
      connections.add(connection);
      Thread.ofPlatform().daemon().name("admin-connection").start(connection);
    } catch (IOException
        | RuntimeException
        | OutOfMemoryError e) { // no thread to be had is an OutOfMemoryError
      connection.close();
      throw e;
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
