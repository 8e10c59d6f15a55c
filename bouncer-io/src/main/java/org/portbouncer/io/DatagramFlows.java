package org.portbouncer.io;

import java.util.ArrayDeque;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.hop.SectionReader;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Datagrams;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.BucketTable;
import org.portbouncer.core.shared.DatagramDrop;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.sys.DatagramBatch;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.worker.MemberFailure;
import org.portbouncer.core.worker.Worker;

/**
 * The sessions of datagrams of an io worker: begins and pools their flows, and keeps their books.
 * On the thread of its loop.
 */
final class DatagramFlows {

  private static final int KEPT = 4096;

  /** Datagrams taken with one call. */
  private static final int BATCH = 64;

  private final Worker worker;
  private final IoStage stage;
  private final SectionReader sections = new SectionReader();
  private final ArrayDeque<DatagramFlow> free = new ArrayDeque<>();
  private final DatagramTrain train = new DatagramTrain();
  private DatagramBatch batch;
  private int live;

  DatagramFlows(Worker worker, IoStage stage) {
    this.worker = worker;
    this.stage = stage;
  }

  /**
   * Reads what a session brings of its client.
   *
   * @return false where that came damaged
   */
  boolean read(Session session) {
    if (!sections.read(session)) {
      return false;
    }
    long head = sections.find(Sections.Type.PROXY_HEADER);
    if (head >= 0 && sections.lengthOf(head) > Datagrams.LONGEST) {
      return false;
    }
    long at = sections.find(Sections.Type.DATAGRAMS);
    return at < 0 || Datagrams.wellFormed(sections.memory(), at, sections.lengthOf(at));
  }

  /** Begins to forward a session that has been read. */
  void begin(Session session, Listener listener) {
    DatagramFlow flow = free.isEmpty() ? new DatagramFlow(this) : free.pop();
    session.attach(flow);
    live++;
    int bandwidth = session.state().bandwidth();
    int place = bandwidth < 0 ? -1 : worker.places(session).classes()[bandwidth];
    long lost = worker.table().datagrams().dropped(session.state().record());
    int errno =
        flow.begin(session, listener.timeouts().udpMs(), listener.answers(), place, lost, head());
    if (errno != 0) {
      unfit(flow, errno);
      return;
    }
    long at = sections.find(Sections.Type.DATAGRAMS);
    if (at >= 0) {
      flow.first(sections.memory(), at, sections.lengthOf(at));
    }
  }

  /** What each datagram to the target begins with, where connect made that. */
  private DatagramHead head() {
    long at = sections.find(Sections.Type.PROXY_HEADER);
    return at < 0 ? null : new DatagramHead(sections.memory(), at, sections.lengthOf(at));
  }

  private void unfit(DatagramFlow flow, int errno) {
    String id = "session " + flow.session().state().id();
    worker
        .log()
        .error(worker.loop().now(), id + " cannot be forwarded: " + DatagramFlow.why(errno));
    boolean watches = Errno.isWatchLimit(errno);
    worker.because(flow.session(), watches ? Cause.WATCHES : Cause.UNFIT, errno);
    flow.end(Result.ERROR, watches ? Term.RESOURCE : Term.INTERNAL_SETUP);
  }

  /** Whether it has no session now. */
  boolean none() {
    return live == 0;
  }

  // What a flow needs.

  EventLoop loop() {
    return worker.loop();
  }

  BucketTable buckets() {
    return worker.area().buckets();
  }

  /** Where all of them read to, one after the other. */
  DatagramBatch batch() {
    if (batch == null) {
      batch = new DatagramBatch(BATCH, false);
    }
    return batch;
  }

  /** What all of them send many with, one after the other. */
  DatagramTrain train() {
    return train;
  }

  void continueNextTurn(DatagramFlow flow) {
    stage.continueNextTurn(flow);
  }

  /** Says what has moved so far, where others look. */
  void moved(Session session, DatagramWay up, DatagramWay down, long dropped, long now) {
    int record = session.state().record();
    worker.table().moved(record, up.bytes(), down.bytes(), now);
    worker.table().datagrams().moved(record, up.datagrams(), down.datagrams(), dropped);
  }

  /** Counts what has moved since it was counted last. */
  void count(Session session, long up, long down) {
    int slot = worker.slot(session);
    if (up > 0) {
      worker.area().listeners().datagrams(slot, Way.UP, up);
    }
    if (down > 0) {
      worker.area().listeners().datagrams(slot, Way.DOWN, down);
    }
  }

  void dropped(Session session, DatagramDrop why, long count) {
    worker.area().listeners().dropped(worker.slot(session), why, count);
  }

  /** A member of a group has answered. */
  void answered(Session session) {
    int place = worker.table().route().place(session.state().record());
    if (place >= 0) {
      worker.area().targets().connected(place);
    }
  }

  /** The target's machine says that nobody is there. */
  void refused(Session session, int errno) {
    worker.because(session, Cause.UNREACHABLE, errno);
    Listener listener = worker.configuration(session).listeners().get(session.state().listener());
    worker
        .log()
        .warn(
            worker.loop().now(),
            listener.name()
                + ": session "
                + session.state().id()
                + ": target "
                + listener.target().text()
                + ": "
                + Cause.UNREACHABLE.text(errno));
    int record = session.state().record();
    int place = worker.table().route().place(record);
    int member = worker.table().route().member(record);
    if (listener.group() >= 0 && place >= 0 && member >= 0) {
      TargetGroup group = worker.configuration(session).targets().get(listener.group());
      MemberFailure.note(worker, group, member, place, Cause.UNREACHABLE, errno);
    }
  }

  /** A flow has let go of its session. */
  void ended(DatagramFlow flow, Session session, Result result, Term term) {
    live--;
    worker.letGo(session);
    worker.end(session, result, term);
    if (free.size() < KEPT) {
      free.push(flow);
    }
  }
}
