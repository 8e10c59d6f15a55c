package org.portbouncer.launcher.mother.sight;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.function.IntConsumer;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.launcher.admin.HeaviestView;
import org.portbouncer.launcher.admin.SessionOrder;
import org.portbouncer.launcher.admin.SessionView;
import org.portbouncer.launcher.admin.SessionWatch;
import org.portbouncer.launcher.mother.ground.Ground;

/**
 * Finds the heaviest sessions in one walk over the session table, of which only those that are told
 * become objects, unless a text is looked for: with ten thousand sessions every second that
 * matters. In the mother, on the thread of whoever it belongs to.
 */
public final class HeaviestSessions implements SessionWatch {

  private static final double NANOS_PER_SECOND = 1e9;

  private static final Comparator<Candidate> LIGHTEST_FIRST =
      Comparator.comparingLong(Candidate::weight)
          .thenComparingLong(Candidate::bytes)
          .thenComparing(Comparator.comparingLong(Candidate::id).reversed());

  private final Ground ground;
  private final SessionViews views;

  /**
   * By record: whose it was the last time, and what that session had moved; 0 is nobody. No two
   * sessions have one id, so that of one that has ended needs not be taken out.
   */
  private long[] ids = {};

  private long[] ups = {};
  private long[] downs = {};
  private boolean walked;
  private long takenAt;

  /** A session that may be among the heaviest. */
  private record Candidate(int record, long id, long weight, long bytes, long up, long down) {}

  public HeaviestSessions(Ground ground, SessionViews views) {
    this.ground = ground;
    this.views = views;
  }

  @Override
  public HeaviestView heaviest(SessionOrder order, int most, String match) {
    boolean first = !walked;
    long now = System.nanoTime();
    Walk walk = new Walk(order, most, match.toLowerCase(Locale.ROOT), first, now);
    makeRoom();
    ground.live().each(walk);
    double seconds = first ? 0 : (now - takenAt) / NANOS_PER_SECOND;
    walked = true;
    takenAt = now;
    return new HeaviestView(walk.total, walk.matching, rated(walk.heaviest, seconds));
  }

  private void makeRoom() {
    int room = ground.live().room();
    if (ids.length < room) {
      ids = Arrays.copyOf(ids, room);
      ups = Arrays.copyOf(ups, room);
      downs = Arrays.copyOf(downs, room);
    }
  }

  /** One look at all sessions. */
  private final class Walk implements IntConsumer {
    private final SessionTable table = ground.table();
    private final PriorityQueue<Candidate> heaviest = new PriorityQueue<>(LIGHTEST_FIRST);
    private final SessionOrder order;
    private final int most;
    private final String wanted;
    private final boolean first;
    private final long now;
    private int total;
    private int matching;

    Walk(SessionOrder order, int most, String wanted, boolean first, long now) {
      this.order = order;
      this.most = most;
      this.wanted = wanted;
      this.first = first;
      this.now = now;
    }

    @Override
    public void accept(int record) {
      if (record >= ids.length) {
        makeRoom(); // sessions go on coming
      }
      Candidate candidate = look(record);
      total++;
      if (!wanted.isEmpty()) {
        SessionView view = views.one(record);
        if (view == null || !view.mentions(wanted)) {
          return;
        }
      }
      matching++;
      heaviest.add(candidate);
      if (heaviest.size() > most) {
        heaviest.remove();
      }
    }

    /** Compares with the last time, and remembers for the next. */
    private Candidate look(int record) {
      long id = table.id(record);
      long up = table.bytesUp(record);
      long down = table.bytesDown(record);
      boolean known = ids[record] == id;
      // All that a new session has moved, it has moved since the last time.
      long movedUp = known ? Math.max(0, up - ups[record]) : first ? 0 : up;
      long movedDown = known ? Math.max(0, down - downs[record]) : first ? 0 : down;
      ids[record] = id;
      ups[record] = up;
      downs[record] = down;
      long weight =
          switch (order) {
            case RATE -> movedUp + movedDown;
            case BYTES -> up + down;
            case AGE -> now - table.accepted(record);
            case IDLE -> now - table.activity(record);
          };
      return new Candidate(record, id, weight, up + down, movedUp, movedDown);
    }
  }

  private List<HeaviestView.Rated> rated(PriorityQueue<Candidate> heaviest, double seconds) {
    ArrayDeque<HeaviestView.Rated> heaviestFirst = new ArrayDeque<>(heaviest.size());
    while (!heaviest.isEmpty()) {
      Candidate candidate = heaviest.remove();
      SessionView view = views.one(candidate.record());
      // It may have ended meanwhile, and another one may have got its record.
      if (view != null && view.id() == candidate.id()) {
        heaviestFirst.addFirst(
            new HeaviestView.Rated(
                view, rate(candidate.up(), seconds), rate(candidate.down(), seconds)));
      }
    }
    return new ArrayList<>(heaviestFirst);
  }

  private static long rate(long moved, double seconds) {
    return seconds <= 0 ? 0 : Math.round(moved / seconds);
  }
}
