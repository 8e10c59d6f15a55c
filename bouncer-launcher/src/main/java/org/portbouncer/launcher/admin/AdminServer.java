package org.portbouncer.launcher.admin;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import jnr.unixsocket.UnixSocketChannel;
import jnr.unixsocket.UnixSocketOptions;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.launcher.privilege.RunAs;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The admin socket, served by the mother: one accepting thread and one thread for each connection,
 * all daemons and none of them the mother's own. Whatever peers do, accepting goes on until {@link
 * #close}.
 *
 * <p>The listening end is a plain descriptor, the connections are jnr-unixsocket's: to load and
 * build that costs more than to start a worker, so that {@link #prepare} does it once the server is
 * ready.
 */
public final class AdminServer implements Closeable {

  private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);
  private static final long PAUSE_MS = 200;
  private static final long JOIN_MS = 1000;
  private static final int IDLE_THREAD_SECONDS = 10;

  private final int listening;
  private final SocketFile file;
  private final Operations operations;
  private final Bounds bounds;
  private final Predicate<Peer> mayUse;
  private final AdminPlaces places;
  private final Thread acceptor;

  /** One is there from the start, so that one peer is answered whatever becomes of threads. */
  private final ThreadPoolExecutor threads;

  private boolean open = true;

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
      int listening,
      SocketFile file,
      Operations operations,
      Bounds bounds,
      Predicate<Peer> mayUse) {
    this.listening = listening;
    this.file = file;
    this.operations = operations;
    this.bounds = bounds;
    this.places = new AdminPlaces(bounds.connections(), PeerCheck::owns);
    this.mayUse = mayUse;
    this.threads =
        new ThreadPoolExecutor(
            1,
            Integer.MAX_VALUE, // as many as there are places, and those who are just leaving
            IDLE_THREAD_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Thread.ofPlatform().daemon().name("admin-connection").factory());
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
   * The same in the place of the server before this one: commands reach this one from here on.
   *
   * @throws IOException with a message for the operator, the path in it
   */
  public static AdminServer replace(Path socket, int mode, RunAs runAs, Operations operations)
      throws IOException {
    return open(socket, mode, runAs, operations, Bounds.DEFAULT, new PeerCheck(socket), true);
  }

  /** Whether commands reach it. */
  public boolean hasName() {
    return file.hasName();
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
    return open(socket, mode, runAs, operations, bounds, mayUse, false);
  }

  private static AdminServer open(
      Path socket,
      int mode,
      RunAs runAs,
      Operations operations,
      Bounds bounds,
      Predicate<Peer> mayUse,
      boolean replaces)
      throws IOException {
    int listening = Libc.socket(Const.AF_UNIX, Const.SOCK_STREAM | Const.SOCK_CLOEXEC, 0);
    if (listening < 0) {
      throw new IOException("admin socket " + socket + ": " + Errno.text(-listening));
    }
    try {
      SocketFile file =
          replaces
              ? SocketFile.replace(listening, socket, mode, runAs)
              : SocketFile.bind(listening, socket, mode, runAs);
      AdminServer server = new AdminServer(listening, file, operations, bounds, mayUse);
      server.threads.prestartAllCoreThreads();
      server.acceptor.start();
      return server;
    } catch (IOException | RuntimeException e) {
      Libc.close(listening);
      throw e;
    } catch (OutOfMemoryError e) {
      Libc.close(listening);
      throw new IOException("admin socket " + socket + ": no thread is to be had", e);
    }
  }

  /**
   * Has the library for the connections loaded beside whatever the process does, so that the first
   * who connects need not wait for it.
   */
  public void prepare() {
    try {
      Thread.ofPlatform().daemon().name("admin-prepare").start(AdminServer::loadLibrary);
    } catch (OutOfMemoryError e) {
      // No thread is to be had; it is loaded when it is needed.
      LOG.warn("admin socket: no thread is to be had to make it ready");
    }
  }

  private static void loadLibrary() {
    try {
      for (UnixSocketChannel end : UnixSocketChannel.pair()) {
        Peer.of(end);
        end.close();
      }
    } catch (IOException | RuntimeException | LinkageError e) {
      // Named now, and not when somebody needs the socket; what can be done about it is the same.
      LOG.error("admin socket: connections cannot be served: {}", e.toString());
    }
  }

  /**
   * Removes the socket file, stops accepting and ends the connections; answers on their way are
   * still written.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (!open) {
        return;
      }
      open = false;
      file.remove();
      // Wakes the acceptor, which owns the descriptor and closes it; to close it here would leave
      // the thread accepting on whatever gets the number next.
      Libc.shutdown(listening, Const.SHUT_RDWR);
    }
    try {
      acceptor.join(JOIN_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    places.all().forEach(AdminConnection::interrupt);
    threads.shutdown();
  }

  private synchronized boolean isOpen() {
    return open;
  }

  private void acceptAll() {
    try {
      while (isOpen()) {
        acceptOne();
      }
    } finally {
      Libc.close(listening);
    }
  }

  private void acceptOne() {
    // Workers are started while the socket is open, and it is none of theirs.
    int peer = Libc.accept4(listening, 0, 0, Const.SOCK_CLOEXEC);
    if (peer < 0) {
      refusedToAccept(Errno.text(-peer));
      return;
    }
    UnixSocketChannel channel;
    try {
      channel = UnixSocketChannel.fromFD(peer);
    } catch (RuntimeException | LinkageError e) {
      Libc.close(peer);
      refusedToAccept(e.toString());
      return;
    }
    try {
      serve(channel);
    } catch (IOException | RuntimeException | LinkageError e) {
      refusedToAccept(e.getMessage());
    }
  }

  private void refusedToAccept(String why) {
    if (isOpen()) { // out of descriptors, most likely: it passes
      LOG.warn("admin socket: cannot accept: {}", why);
      pause();
    }
  }

  private void serve(UnixSocketChannel peer) throws IOException {
    AdminConnection connection = new AdminConnection(peer, operations, places::leave);
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
      if (!places.take(connection, who)) {
        connection.refuse("too many admin connections");
        return;
      }
      threads.execute(connection);
    } catch (IOException | RuntimeException | LinkageError e) {
      connection.close();
      throw e;
    } catch (OutOfMemoryError e) {
      // No thread is to be had; those who are answered now leave theirs.
      connection.refuse("the server has no thread for this (RLIMIT_NPROC, pids.max): try again");
      LOG.warn("admin socket: no thread is to be had for a connection");
      pause();
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
