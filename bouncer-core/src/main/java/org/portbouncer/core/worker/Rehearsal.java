package org.portbouncer.core.worker;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.Orders;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.Sockets;

/**
 * Has a worker of each stage begin, learn a configuration, serve a few sessions and end, one after
 * the other, in a spare that has nothing else to do yet. What a VM does slowly when it does it for
 * the first time, it has done then when clients wait for it.
 *
 * <p>All of it is made here and gone afterwards: the shared memory, the inboxes, the link, the
 * clients. Nothing of it is the mother's, and nothing leaves this process.
 */
final class Rehearsal {

  private static final int RECORDS = 64;
  private static final int BATCH = 8;
  private static final int SESSIONS = 24;

  /** Of a worker's loop, none of which waits: more than its sessions take. */
  private static final int TURNS = 12;

  private static final int NO_DEADLINE = 0;

  private final int build;
  private final int pid = (int) ProcessHandle.current().pid();
  private final SharedArea area = SharedArea.create(RECORDS);
  private final RecordAllocator records = new RecordAllocator(area.sessions(), pid);
  private final byte[] epoch = EpochCodec.encode(RehearsalEpoch.make(), 0);

  /** By stage: its inbox, the reading end first. */
  private final int[][] inboxes = new int[StageId.count()][];

  private final int[] clients = new int[SESSIONS];

  private Rehearsal(int build) {
    this.build = build;
    for (int i = 0; i < inboxes.length; i++) {
      inboxes[i] = Sockets.pair(Const.SOCK_DGRAM);
    }
  }

  /**
   * Does it.
   *
   * @param roles by stage
   * @return whether all sessions came to their target and back
   */
  static boolean all(int build, List<Role> roles) {
    Rehearsal rehearsal = new Rehearsal(build);
    rehearsal.admit();
    for (StageId stage : StageId.values()) {
      rehearsal.serve(stage, roles.get(stage.ordinal()));
    }
    Libc.close(rehearsal.area.fd());
    return rehearsal.answered() == SESSIONS;
  }

  /** The clients' part: each has got its byte back. */
  private int answered() {
    int answered = 0;
    MemorySegment word = Native.allocate(8);
    for (int client : clients) {
      answered += Libc.read(client, word.address(), 1) == 1 ? 1 : 0;
      Libc.close(client);
    }
    return answered;
  }

  /** The mother's part: clients who have said something already, with their first hop. */
  private void admit() {
    SessionPool pool = new SessionPool();
    int inbox = inboxes[0][1];
    HopSender sender =
        new HopSender(
            inbox,
            BATCH,
            new Handover(area.sessions(), StageId.FIRST, StageId.FIRST, pid, pool, pool::release));
    MemorySegment word = Native.allocate(8);
    for (int i = 0; i < SESSIONS; i++) {
      int[] pair = Sockets.pair(Const.SOCK_STREAM);
      clients[i] = pair[1];
      Libc.write(pair[1], word.address(), 1);
      Session session = pool.obtain();
      session.descriptors().put(Descriptors.CLIENT, pair[0]);
      session.create(0, 0);
      SessionState state = session.state();
      int record = records.allocate();
      state.identify(i + 1, record, area.sessions().generation(record));
      state.origin(RehearsalEpoch.NUMBER, 0, 0);
      state.accepted(System.nanoTime());
      state.deadline(NO_DEADLINE);
      SockAddr.putUnnamed(state.memory(), state.client());
      SockAddr.putUnnamed(state.memory(), state.local());
      area.sessions().admit(record, state, 0, System.currentTimeMillis());
      area.sessions().offered(record, StageId.FIRST, state.accepted());
      sender.offer(session);
    }
    sender.flush();
    Libc.close(inbox);
  }

  private void serve(StageId stage, Role role) {
    int[] link = Sockets.pair(Const.SOCK_SEQPACKET);
    ControlChannel mother = new ControlChannel(link[0]);
    ControlChannel control = new ControlChannel(link[1]);
    int[] lane = stage.hasNext() ? new int[] {inboxes[stage.next().ordinal()][1]} : new int[0];
    boolean lanes = stage.choosesInbox();
    int inbox = inboxes[stage.ordinal()][0];
    new WorkerStart(
            build,
            stage,
            0,
            stage.ordinal(),
            BATCH,
            LogForm.PLAIN,
            area.fd(),
            -1,
            -1,
            -1,
            inbox,
            lanes ? new int[0] : lane)
        .send(mother);
    Orders orders = new Orders(mother);
    if (lanes) {
      orders.lanes(1, new int[] {0}, lane);
    }
    int file = Native.constantFile("bouncer-rehearsal", epoch);
    orders.config(file, epoch.length, RehearsalEpoch.NUMBER, new int[0]);
    for (int fd : lane) {
      Libc.close(fd);
    }
    Libc.close(file);
    Libc.close(inbox);
    new Worker(control, WorkerStart.receive(control), role, true).rehearse(TURNS);
    Libc.close(link[0]);
    Libc.close(link[1]);
  }
}
