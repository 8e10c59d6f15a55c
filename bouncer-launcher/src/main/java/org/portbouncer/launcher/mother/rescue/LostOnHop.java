package org.portbouncer.launcher.mother.rescue;

import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.portbouncer.core.hop.HopMarker;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.worker.SessionEnd;
import org.portbouncer.launcher.mother.ground.LiveRecords;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the sessions that a dead worker took along without having been their owner: it had received
 * them and not yet claimed, or was about to send. In the books both are queued for a stage, as are
 * those that really wait in its inbox. One of these for each stage; in the mother, on her loop's
 * thread.
 *
 * <p>What is queued for the stage when a worker died is suspect. Then three things are waited for:
 *
 * <ol>
 *   <li>each living worker of the stage before answers SYNC: what it counts as sent is in an inbox;
 *   <li>a mark that the mother puts into each inbox of the stage is read: so is all that was sent
 *       before it, for an inbox gives messages in the order in which they came;
 *   <li>each living worker of the stage answers SYNC: what it has read it has claimed.
 * </ol>
 *
 * A suspect that is still queued then is nowhere. A session is queued for a stage once in its life,
 * so it cannot be there again; but for io, when the worker that had it has ended, and then all
 * begins anew. If another worker dies meanwhile, all begins anew.
 */
public final class LostOnHop {

  private static final Logger LOG = LoggerFactory.getLogger(LostOnHop.class);

  /** An inbox that is full is tried again after this. */
  private static final long RETRY_NANOS = 20_000_000;

  /** After this all begins anew: an answer went astray because a control link was full. */
  private static final long PATIENCE_NANOS = 15_000_000_000L;

  /** The workers. */
  public interface Peers {
    /** A number that no answer still under way has. */
    int nextToken();

    /**
     * Asks every living worker of a stage to answer SYNC.
     *
     * @return whose answers will come, each by {@link #synced}
     */
    Collection<?> sync(StageId stage, int token);
  }

  private enum Step {
    IDLE,
    SENDERS,
    MARKS,
    READERS
  }

  private final EventLoop loop;
  private final SessionTable table;
  private final LiveRecords live;
  private final SessionEnd ends;
  private final Peers peers;
  private final StageId stage;
  private final Supplier<int[]> inboxesNow;
  private final IntPredicate ours;
  private final HopMarker marker = new HopMarker();
  private final Set<Object> awaited = new HashSet<>();

  private Step step = Step.IDLE;
  private int token;

  /**
   * Those that get a mark. One that is closed before it has one had nothing in it, and needs none;
   * its number may be anybody's by then. One that is closed with its mark does not give it back:
   * all begins anew.
   */
  private int[] inboxes = new int[0];

  private int marksSent;

  /** Those whose mark has not been read, or not been sent yet. */
  private final Set<Integer> unread = new HashSet<>();

  private int[] suspects = new int[64];
  private int[] generations = new int[64];
  private int count;

  private final Timer retry =
      new Timer() {
        @Override
        protected void expired(long now) {
          sendMarks();
          advance();
        }
      };

  private final Timer patience =
      new Timer() {
        @Override
        protected void expired(long now) {
          begin();
        }
      };

  /**
   * Watches over one stage.
   *
   * @param inboxes gives the stage's, writing ends: those of io come and go
   * @param ours whether sessions of a configuration are this server's; by its number
   */
  public LostOnHop(
      EventLoop loop,
      SessionTable table,
      LiveRecords live,
      SessionEnd ends,
      Peers peers,
      StageId stage,
      Supplier<int[]> inboxes,
      IntPredicate ours) {
    this.loop = loop;
    this.table = table;
    this.live = live;
    this.ends = ends;
    this.peers = peers;
    this.stage = stage;
    this.inboxesNow = inboxes;
    this.ours = ours;
  }

  /** A worker of this stage or of the one before has died. */
  public void begin() {
    loop.timers().clear(retry);
    loop.timers().clear(patience);
    awaited.clear();
    step = Step.IDLE;
    suspect();
    if (count > 0) {
      token = peers.nextToken();
      loop.timers().set(patience, loop.now() + PATIENCE_NANOS);
      step = Step.SENDERS;
      if (stage.hasBefore()) {
        awaited.addAll(peers.sync(stage.before(), token));
      }
      advance();
    }
  }

  private void suspect() {
    count = 0;
    live.each(
        record -> {
          int generation = table.generation(record);
          if (table.isQueued(record, generation, stage) && ours.test(table.epoch(record))) {
            suspect(record, generation);
          }
        });
  }

  private void suspect(int record, int generation) {
    if (count == suspects.length) {
      suspects = Arrays.copyOf(suspects, 2 * count);
      generations = Arrays.copyOf(generations, 2 * count);
    }
    suspects[count] = record;
    generations[count++] = generation;
  }

  /** A worker has answered SYNC. */
  public void synced(Object worker, int answered) {
    if (answered == token && awaited.remove(worker)) {
      advance();
    }
  }

  /**
   * A worker of this stage says that it has read a mark.
   *
   * @param inbox the writing end of its inbox; each gets one mark
   */
  public void marked(int inbox, int read) {
    if (read == token && step == Step.MARKS && unread.remove(inbox)) {
      advance();
    }
  }

  private void advance() {
    if (step == Step.SENDERS && awaited.isEmpty()) {
      step = Step.MARKS;
      inboxes = inboxesNow.get();
      marksSent = 0;
      unread.clear();
      for (int inbox : inboxes) {
        unread.add(inbox);
      }
      sendMarks();
    }
    if (step == Step.MARKS && unread.isEmpty()) {
      step = Step.READERS;
      awaited.addAll(peers.sync(stage, token));
    }
    if (step == Step.READERS && awaited.isEmpty()) {
      end();
    }
  }

  private void sendMarks() {
    int[] open = inboxesNow.get();
    while (marksSent < inboxes.length) {
      int inbox = inboxes[marksSent];
      if (Arrays.stream(open).noneMatch(one -> one == inbox)) {
        unread.remove(inbox);
      } else if (marker.send(inbox, token) != 0) {
        loop.timers().set(retry, loop.now() + RETRY_NANOS);
        return;
      }
      marksSent++;
    }
  }

  private void end() {
    loop.timers().clear(patience);
    step = Step.IDLE;
    int lost = 0;
    for (int i = 0; i < count; i++) {
      if (table.isQueued(suspects[i], generations[i], stage)
          && ends.end(
              suspects[i],
              generations[i],
              Result.ERROR,
              Term.INTERNAL_SETUP,
              Cause.LOST,
              loop.now())) {
        lost++;
      }
    }
    if (lost > 0) {
      LOG.error("sessions lost on the way to {} with a worker that died: {}", stage.text(), lost);
    }
  }
}
