package org.portbouncer.launcher.mother.handover;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.control.OrphanLink;
import org.portbouncer.core.control.OrphanSession;
import org.portbouncer.core.control.OrphanSession.Addresses;
import org.portbouncer.core.control.OrphanSession.Names;
import org.portbouncer.core.control.OrphanSession.Position;
import org.portbouncer.core.control.OrphanSession.Times;
import org.portbouncer.core.hop.HopReceiver;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.Limit;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.SessionPool;
import org.portbouncer.launcher.mother.MotherRig;
import org.portbouncer.launcher.mother.rescue.Inboxes;

/** The test is the io worker of a server that died, which says what it likes. */
abstract class OrphanCase {

  static final byte[] NONE = {};

  @TempDir Path folder;
  final List<AutoCloseable> open = new ArrayList<>();
  final MemorySegment memory = Native.allocate(SockAddr.ROOM + 8L);
  final CallSocket calls = new CallSocket();
  final SessionPool pool = new SessionPool();
  final CompletableFuture<Long> over = new CompletableFuture<>();
  int listening;
  int targets;
  int client;
  int target;
  MotherRig rig;
  Epoch epoch;
  Orphans orphans;
  OrphanLink called;
  OrphanLink link;
  HopReceiver inbox;

  @BeforeEach
  void start() throws Exception {
    listening = listen();
    targets = listen();
    client = connection(listening);
    target = towards(targets);
    Configuration configuration =
        MotherRig.configuration(
            folder,
            """
            listeners {
              web { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = office }
              open { listen = "127.0.0.1:1", target = "127.0.0.1:%d" }
            }
            acls { office = [
              { name = one, from = "127.0.0.0/8", action = pass, max-sessions = 1 }
              { name = none, from = "10.0.0.0/8", action = block }
            ] }
            """
                .formatted(port(listening), port(targets), port(targets)));
    rig = new MotherRig(configuration, 64, 60);
    open.add(rig::close);
    epoch = rig.epoch(configuration);
    Inboxes inboxes = new Inboxes(120);
    inbox = new HopReceiver(inboxes.forWorker(StageId.IO).reading(), null, pool);
    orphans = rig.onLoop(() -> new Orphans(rig.ground(), inboxes));
    Process gone = new ProcessBuilder("true").start();
    gone.waitFor();
    calls.open(admin(), (int) gone.pid());
    called = new OrphanLink(calls.fd());
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
    calls.close();
    for (int fd : new int[] {listening, targets, client, target}) {
      Libc.close(fd);
    }
  }

  Path admin() {
    return folder.resolve("admin.sock");
  }

  // Sockets.

  int listen() {
    int fd = Libc.socket(Const.AF_INET, Const.SOCK_STREAM | Const.SOCK_CLOEXEC, 0);
    int length = SockAddr.put(memory, 0, InetAddress.ofLiteral("127.0.0.1"), 0);
    assertThat(Libc.bind(fd, memory.address(), length)).isZero();
    assertThat(Libc.listen(fd, 16)).isZero();
    return fd;
  }

  int port(int fd) {
    return SockAddr.port(MemorySegment.ofArray(own(fd)), 0);
  }

  /** The accepted end, which does not wait. */
  int connection(int at) throws IOException {
    Socket other = new Socket();
    open.add(other);
    other.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port(at)));
    int flags = Const.SOCK_CLOEXEC | Const.SOCK_NONBLOCK;
    return Libc.accept4(at, 0, 0, flags);
  }

  /** The connecting end, which does not wait. */
  int towards(int at) {
    int port = port(at);
    int type = Const.SOCK_STREAM | Const.SOCK_CLOEXEC | Const.SOCK_NONBLOCK;
    int fd = Libc.socket(Const.AF_INET, type, 0);
    int length = SockAddr.put(memory, 0, InetAddress.ofLiteral("127.0.0.1"), port);
    assertThat(Libc.connect(fd, memory.address(), length)).isIn(0, -Errno.EINPROGRESS);
    await("the connection").until(() -> Sockets.isConnected(fd));
    return fd;
  }

  byte[] own(int fd) {
    memory.fill((byte) 0);
    memory.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
    Libc.getsockname(fd, memory.address(), memory.address() + SockAddr.ROOM);
    return memory.asSlice(0, SockAddr.BYTES).toArray(JAVA_BYTE);
  }

  byte[] peer(int fd) {
    memory.fill((byte) 0);
    memory.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
    Libc.getpeername(fd, memory.address(), memory.address() + SockAddr.ROOM);
    return memory.asSlice(0, SockAddr.BYTES).toArray(JAVA_BYTE);
  }

  // The worker.

  void ask() {
    rig.onLoop(() -> orphans.take(admin(), epoch, over::complete));
    link = new OrphanLink(called.takeCall());
    assertThat(link.fd()).isPositive();
  }

  OrphanSession honest() {
    long now = System.nanoTime();
    return new OrphanSession(
        1,
        41,
        new Times(now - 9_000_000, 1_700_000_000_000L, 5_000, now - 1_000_000, 77, now),
        new Names("web", "127.0.0.1:" + port(listening), "office", "one", "", "", "", "", 1),
        new Addresses(peer(client), own(client), NONE, NONE),
        new Position(SessionFlow.CLIENT_LAST, 100, 200, 0, 0, 0));
  }

  OrphanLink.Word answer() {
    return await("an answer").until(() -> link.next(true), word -> word != null);
  }

  int sessions() {
    return rig.onLoop(() -> rig.ground().active());
  }

  int counted() {
    Acl acl = epoch.configuration().acls().getFirst();
    return rig.ground().area().limits().live(Limit.perRule(acl, acl.rules().getFirst()));
  }

  Session received() {
    await("a session in the inbox").until(() -> inbox.receive() == 1);
    return inbox.take(0);
  }

  long over() {
    return await("the end").until(() -> over.getNow(null), id -> id != null);
  }

  void assertNothingEntered() {
    assertThat(sessions()).isZero();
    assertThat(counted()).isZero();
  }

  boolean hasEnded() {
    try {
      link.next(true);
      return false;
    } catch (ControlException e) {
      return true;
    }
  }
}
