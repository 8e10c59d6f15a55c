package org.portbouncer.core.worker;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.control.OrphanLink;
import org.portbouncer.core.control.OrphanSession;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.shared.SessionRoute;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;

/**
 * What a worker whose mother has gone says of one of its sessions, which stands still: made of its
 * record and of the configuration that it set out under, and sent in as many packets as its bytes
 * take. On the thread of the worker's loop.
 */
final class OrphanAccount {

  private static final byte[] NONE = {};

  private final Worker worker;
  private final MemorySegment value = Native.allocate(8);

  /** Of both ways: bytes written so far, and what comes next: in this memory, or in a pipe. */
  private final long[] written = new long[Way.COUNT];

  private final int[] carried = new int[Way.COUNT];
  private final byte[][] held = {NONE, NONE};
  private final int[] pipe = new int[Way.COUNT];

  private OrphanSession said;
  private int[] descriptors = {};

  /** Which way's bytes are sent, and from where on. */
  private int way;

  private int sent;

  OrphanAccount(Worker worker) {
    this.worker = worker;
  }

  /** Whether there is more to send. */
  boolean isOpen() {
    return said != null;
  }

  void close() {
    said = null;
    held[Way.UP] = NONE;
    held[Way.DOWN] = NONE;
  }

  /**
   * Begins with a session.
   *
   * @param number which it is of those that are told
   * @return false where its record does not say where its bytes are
   */
  boolean open(Session session, int number) {
    int record = session.state().record();
    SessionTable table = worker.table();
    for (int each = 0; each < Way.COUNT; each++) {
      if (!carry(table.flow(), record, each)) {
        close();
        return false;
      }
    }
    int pipes = (pipe[Way.UP] < 0 ? 0 : 1) | (pipe[Way.DOWN] < 0 ? 0 : 2);
    descriptors = new int[2 + Integer.bitCount(pipes)];
    descriptors[0] = session.descriptors().peek(Descriptors.CLIENT);
    descriptors[1] = session.descriptors().peek(Descriptors.TARGET);
    int at = 2;
    for (int each = 0; each < Way.COUNT; each++) {
      if (pipe[each] >= 0) {
        descriptors[at++] = pipe[each];
      }
    }
    said =
        new OrphanSession(
            number,
            table.id(record),
            new OrphanSession.Times(
                table.accepted(record),
                table.acceptedWallMs(record),
                table.setupMicros(record),
                table.activity(record),
                table.throttledNanos(record),
                System.nanoTime()),
            names(session, table, record),
            addresses(table, record),
            new OrphanSession.Position(
                table.flow().flags(record) & SessionFlow.LASTING,
                written[Way.UP],
                written[Way.DOWN],
                carried[Way.UP],
                carried[Way.DOWN],
                pipes));
    way = Way.UP;
    sent = 0;
    return true;
  }

  private OrphanSession.Names names(Session session, SessionTable table, int record) {
    Configuration configuration = worker.configuration(session);
    Listener listener = configuration.listeners().get(table.listener(record));
    Acl acl = listener.acl() < 0 ? null : configuration.acls().get(listener.acl());
    int rule = table.rule(record);
    int bandwidth = table.bandwidth(record);
    SessionRoute route = table.route();
    int member = listener.group() < 0 ? -1 : route.member(record);
    TargetGroup.Member its =
        member < 0 ? null : configuration.targets().get(listener.group()).members().get(member);
    int chain = route.chain(record);
    return new OrphanSession.Names(
        listener.name(),
        listener.listen().get(table.endpoint(record)).text(),
        acl == null ? "" : acl.name(),
        acl == null || rule < 0 ? "" : acl.rules().get(rule).name(),
        bandwidth < 0 ? "" : configuration.bandwidth().get(bandwidth).name(),
        its == null ? "" : its.name(),
        its == null ? "" : its.address().text(),
        chain < 0 ? "" : configuration.chains().get(chain).name(),
        route.attempts(record));
  }

  private static OrphanSession.Addresses addresses(SessionTable table, int record) {
    SessionRoute route = table.route();
    return new OrphanSession.Addresses(
        address(table, table.clientOffset(record)),
        address(table, table.localOffset(record)),
        route.hasPeer(record) ? address(table, route.peerOffset(record)) : NONE,
        route.hasServer(record) ? address(table, route.serverOffset(record)) : NONE);
  }

  private static byte[] address(SessionTable table, long at) {
    return table.memory().asSlice(at, SockAddr.BYTES).toArray(JAVA_BYTE);
  }

  /** Finds what is on its way; false where that cannot be told. */
  private boolean carry(SessionFlow flows, int record, int each) {
    carried[each] = 0;
    held[each] = NONE;
    pipe[each] = flows.pipe(record, each);
    if (pipe[each] >= 0) {
      if (Libc.ioctl(pipe[each], Const.FIONREAD, value.address()) < 0) {
        return false;
      }
      carried[each] = value.get(JAVA_INT, 0);
      pipe[each] = carried[each] == 0 ? -1 : pipe[each];
    }
    written[each] = flows.written(record, each, carried[each]);
    if (written[each] >= 0 && flows.place(record, each) == SessionFlow.Place.HELD) {
      carried[each] = flows.heldBytes(record, each);
      held[each] =
          MemorySegment.ofAddress(flows.heldAddress(record, each))
              .reinterpret(carried[each])
              .toArray(JAVA_BYTE);
    }
    return written[each] >= 0;
  }

  /**
   * Sends the next packet.
   *
   * @return 0 or the errno; EAGAIN where it is to be sent again
   */
  int send(OrphanLink link) {
    while (way < Way.COUNT && sent == held[way].length) {
      way++;
      sent = 0;
    }
    if (way < Way.COUNT) {
      int count = Math.min(OrphanLink.MOST_HELD, held[way].length - sent);
      int errno = link.held(way, held[way], sent, count);
      sent += errno == 0 ? count : 0;
      return errno;
    }
    int errno = link.session(said, descriptors);
    if (errno == 0) {
      close();
    }
    return errno;
  }
}
