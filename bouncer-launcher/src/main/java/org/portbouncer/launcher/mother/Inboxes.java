package org.portbouncer.launcher.mother;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.Configuration.Workers;
import org.portbouncer.core.hop.HopSender;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Sockets;
import org.portbouncer.core.sys.SystemCallException;

/**
 * The hops' sockets: datagram pairs that the mother makes and keeps, both ends, so that what waits
 * in an inbox outlives the worker that would have read it. Every stage has one inbox for all its
 * workers; io has one for each, so that the stage before it can spread sessions evenly
 * (docs/decisions/003).
 */
final class Inboxes {

  private record Pair(int writing, int reading) {}

  private final List<List<Pair>> byStage = new ArrayList<>();

  /**
   * Makes all of them.
   *
   * @param stateBytes what a session's state has, as far as it travels inline
   */
  Inboxes(Workers workers, int stateBytes) throws StartException {
    try {
      for (StageId stage : StageId.values()) {
        int count = stage == StageId.IO ? workers.io() : 1;
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          int[] pair = Sockets.pair(Const.SOCK_DGRAM);
          HopSender.makeRoom(pair[0], stateBytes);
          pairs.add(new Pair(pair[0], pair[1]));
        }
        byStage.add(pairs);
      }
    } catch (SystemCallException e) {
      throw new StartException("cannot make the sockets between the stages: " + e.getMessage(), e);
    }
  }

  /** The reading end for a stage's worker; the same for all but io. */
  int reading(StageId stage, int worker) {
    List<Pair> pairs = byStage.get(stage.ordinal());
    return pairs.get(worker % pairs.size()).reading();
  }

  /** The writing ends of a stage's inboxes. */
  int[] writing(StageId stage) {
    return byStage.get(stage.ordinal()).stream().mapToInt(Pair::writing).toArray();
  }
}
