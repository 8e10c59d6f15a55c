package org.portbouncer.negotiator.connect;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.IdentityHashMap;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.config.TargetGroup.Balance;
import org.portbouncer.core.config.TargetGroup.Member;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.SockAddr;

/**
 * Which member of its group a session goes to next. What it goes by is on the {@link TargetBoard},
 * the same for all workers; the turns of `round-robin` each worker takes by itself. In the connect
 * worker, on the thread of its loop.
 */
final class MemberChoice {

  /** No member may be tried. */
  static final int NONE = -1;

  /** As {@link #NONE}, where those that may have as many sessions as they may. */
  static final int FULL = -2;

  /** Shares of a member that has just come up and is to come to its own over time. */
  private static final int WHOLE = 100;

  private static final int LEAST = 5;

  private final TargetBoard board;

  /** What a worker remembers of a group of one configuration. */
  private static final class Turns {
    private final long[] current;
    private final long[] keys;
    private final boolean onlyBackups;

    Turns(TargetGroup group) {
      onlyBackups = group.members().stream().allMatch(Member::backup);
      current = new long[group.members().size()];
      keys = new long[current.length];
      for (int i = 0; i < keys.length; i++) {
        Member member = group.members().get(i);
        keys[i] = hash(member.name() + ' ' + member.address().text());
      }
    }
  }

  /** By the group itself: a reload brings others. */
  private final IdentityHashMap<TargetGroup, Turns> turns = new IdentityHashMap<>();

  MemberChoice(TargetBoard board) {
    this.board = board;
  }

  /**
   * Chooses among those that were not tried yet: of those that are up, else of the backups that
   * are; where none is up and the group says so, as if all were that the operator has not taken
   * out.
   *
   * @param places of its members on the board
   * @param client where the client's address stands in {@code memory}
   * @return the member's index, {@link #NONE} or {@link #FULL}
   */
  int next(
      TargetGroup group, int[] places, BitSet tried, MemorySegment memory, long client, long now) {
    Turns turn = turns(group);
    boolean full = false;
    for (int tier = 0; tier < TIERS && mayUse(tier, group, places, now); tier++) {
      int left = count(group, turn, places, tried, tier, now);
      if (left > 0) {
        return among(group, turn, places, tried, tier, memory, client, now);
      }
      full |= left == FULL;
    }
    return full ? FULL : NONE;
  }

  /** How many members might still be chosen, as things are now. */
  int left(TargetGroup group, int[] places, BitSet tried, long now) {
    Turns turn = turns(group);
    int left = 0;
    for (int tier = 0; tier < TIERS && mayUse(tier, group, places, now); tier++) {
      left += Math.max(0, count(group, turn, places, tried, tier, now));
    }
    return left;
  }

  private Turns turns(TargetGroup group) {
    return turns.computeIfAbsent(group, Turns::new);
  }

  // Members come in tiers: what is up, backups that are, and where none is up the same again of
  // all.

  private static final int AS_IF_UP = 2;
  private static final int TIERS = 4;

  private boolean mayUse(int tier, TargetGroup group, int[] places, long now) {
    return tier < AS_IF_UP
        || group.whenAllDown() == TargetGroup.WhenAllDown.TRY && !anyUp(places, now);
  }

  private boolean anyUp(int[] places, long now) {
    for (int place : places) {
      if (board.isUp(place, now)) {
        return true;
      }
    }
    return false;
  }

  private boolean fits(Member member, Turns turn, int place, int tier, long now) {
    // Where all are backups none is.
    boolean backup = member.backup() && !turn.onlyBackups;
    return backup == (tier % AS_IF_UP == 1)
        && (tier < AS_IF_UP ? board.isUp(place, now) : board.mode(place) == TargetBoard.Mode.READY);
  }

  private boolean isFull(Member member, int place) {
    return member.maxSessions() > 0 && board.active(place) >= member.maxSessions();
  }

  /** How many of a tier may be chosen; {@link #FULL} where there are some, and none has room. */
  private int count(TargetGroup group, Turns turn, int[] places, BitSet tried, int tier, long now) {
    int count = 0;
    boolean full = false;
    for (int i = 0; i < places.length; i++) {
      Member member = group.members().get(i);
      if (!tried.get(i) && fits(member, turn, places[i], tier, now)) {
        boolean room = !isFull(member, places[i]);
        count += room ? 1 : 0;
        full |= !room;
      }
    }
    return count == 0 && full ? FULL : count;
  }

  private int among(
      TargetGroup group,
      Turns turn,
      int[] places,
      BitSet tried,
      int tier,
      MemorySegment memory,
      long client,
      long now) {
    long source = group.balance() == Balance.SOURCE ? source(memory, client) : 0;
    int best = FULL;
    double bestScore = 0;
    long total = 0;
    for (int i = 0; i < places.length; i++) {
      Member member = group.members().get(i);
      int place = places[i];
      if (tried.get(i) || !fits(member, turn, place, tier, now) || isFull(member, place)) {
        continue;
      }
      long weight = weight(group, member, place, now);
      total += weight;
      double score =
          switch (group.balance()) {
            case ORDER -> -i;
            case LEAST_SESSIONS -> -(board.active(place) + 1.0) / weight;
            case ROUND_ROBIN -> turn.current[i] += weight;
            case SOURCE -> rendezvous(source, turn.keys[i], weight);
          };
      if (best < 0 || score > bestScore) {
        best = i;
        bestScore = score;
      }
    }
    if (best >= 0 && group.balance() == Balance.ROUND_ROBIN) {
      // The turns of nginx: who was chosen stands back by what all have gained.
      turn.current[best] -= total;
    }
    return best;
  }

  private long weight(TargetGroup group, Member member, int place, long now) {
    long whole = (long) member.weight() * WHOLE;
    long since = board.upSince(place);
    long slow = group.slowStartMs() * 1_000_000;
    if (slow == 0 || since == 0 || now - since >= slow || now < since) {
      return whole;
    }
    return Math.max((long) member.weight() * LEAST, whole * (now - since) / slow);
  }

  /**
   * Weighted rendezvous hashing: of every member a number that source and member alone decide; the
   * largest wins. So a member that goes moves its own sources only, and one that comes back gets
   * the same again.
   */
  private static double rendezvous(long source, long member, long weight) {
    long hash = mix(source ^ mix(member));
    // A number between 0 and 1, never either.
    double uniform = ((hash >>> 11) + 0.5) * 0x1.0p-53;
    return -weight / Math.log(uniform);
  }

  /** The client's address without its port. */
  private static long source(MemorySegment memory, long client) {
    return switch (SockAddr.family(memory, client)) {
      case Const.AF_INET -> mix(SockAddr.v4(memory, client));
      case Const.AF_INET6 ->
          mix(SockAddr.v6High(memory, client) * 31 + SockAddr.v6Low(memory, client));
      default -> 0;
    };
  }

  private static long hash(String text) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return hash;
  }

  /** The finalizer of SplitMix64. */
  private static long mix(long value) {
    long mixed = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ mixed >>> 27) * 0x94d049bb133111ebL;
    return mixed ^ mixed >>> 31;
  }

  /** Forgets whose turn it was, in groups of configurations that may be gone. */
  void forget() {
    turns.clear();
  }
}
