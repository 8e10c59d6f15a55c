package org.portbouncer.launcher.mother.rescue;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.sys.SystemCallException;
import org.portbouncer.launcher.mother.ground.StartException;

/**
 * The hops' sockets: datagram pairs that the mother makes and keeps, both ends, so that what waits
 * in an inbox outlives the worker that would have read it. Every stage has one inbox for all its
 * workers; io has one for each, so that the stage before it can spread sessions evenly
 * (docs/decisions/003). Those of io come and go with its workers. In the mother, on her loop's
 * thread.
 */
public final class Inboxes {

  /**
   * One inbox.
   *
   * @param id never given again, so that a lane to an inbox that is gone is not taken for another
   */
  public record Inbox(int id, int writing, int reading) {

    /** Whether nothing waits in it. */
    public boolean isEmpty() {
      return !Sockets.isReadable(reading);
    }
  }

  private final int stateBytes;
  private final Map<StageId, Inbox> shared = new EnumMap<>(StageId.class);
  private final List<Inbox> own = new ArrayList<>();
  private int lastId;

  /**
   * Makes those that all workers of a stage share.
   *
   * @param stateBytes what a session's state has, as far as it travels inline
   */
  public Inboxes(int stateBytes) throws StartException {
    this.stateBytes = stateBytes;
    for (StageId stage : StageId.values()) {
      if (!stage.inboxEach()) {
        shared.put(stage, make());
      }
    }
  }

  private Inbox make() throws StartException {
    try {
      int[] pair = Sockets.pair(Const.SOCK_DGRAM);
      HopSender.makeRoom(pair[0], stateBytes);
      return new Inbox(++lastId, pair[0], pair[1]);
    } catch (SystemCallException e) {
      throw new StartException("cannot make the sockets between the stages: " + e.getMessage(), e);
    }
  }

  /** The inbox that a new worker of the stage reads: its own, or else the stage's. */
  public Inbox forWorker(StageId stage) throws StartException {
    if (!stage.inboxEach()) {
      return shared.get(stage);
    }
    Inbox inbox = make();
    own.add(inbox);
    return inbox;
  }

  /** Closes the inbox of a worker that is gone; one that others read too stays. */
  public void release(Inbox inbox) {
    if (own.remove(inbox)) {
      Libc.close(inbox.writing);
      Libc.close(inbox.reading);
    }
  }

  /** Those that one worker each reads. */
  public List<Inbox> own() {
    return List.copyOf(own);
  }

  /** The writing ends of all of a stage's inboxes. */
  public int[] writing(StageId stage) {
    return stage.inboxEach()
        ? own.stream().mapToInt(Inbox::writing).toArray()
        : new int[] {shared.get(stage).writing};
  }
}
