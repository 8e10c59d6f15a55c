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

    Turns(TargetGroup group) {
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
   * are, else, where the group says so, of all that the operator has not taken out.
   *
   * @param places of its members on the board
   * @param client where the client's address stands in {@code memory}
   * @return the member's index, {@link #NONE} or {@link #FULL}
   */
  int next(
      TargetGroup group, int[] places, BitSet tried, MemorySegment memory, long client, long now) {
    boolean onlyBackups = group.members().stream().allMatch(Member::backup);
    int chosen = NONE;
    for (int tier = 0; tier < 3 && chosen < 0; tier++) {
      if (tier == 2
          && (group.whenAllDown() == TargetGroup.WhenAllDown.REFUSE || anyUp(places, now))) {
        break;
      }
      int found = among(group, places, tried, tier, onlyBackups, memory, client, now);
      chosen = found == NONE ? chosen : found;
    }
    return chosen;
  }

  private boolean anyUp(int[] places, long now) {
    for (int i = 0; i < places.length; i++) {
      if (board.isUp(places[i], now)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a member may be chosen in this tier: 0 what is up, 1 backups that are, 2 what is not
   * off.
   */
  private boolean fits(Member member, int place, int tier, boolean onlyBackups, long now) {
    if (tier == 2) {
      return board.mode(place) == TargetBoard.Mode.READY;
    }
    return (onlyBackups ? tier == 0 : member.backup() == (tier == 1)) && board.isUp(place, now);
  }

  private int among(
      TargetGroup group,
      int[] places,
      BitSet tried,
      int tier,
      boolean onlyBackups,
      MemorySegment memory,
      long client,
      long now) {
    Turns turn = turns.computeIfAbsent(group, Turns::new);
    long source = group.balance() == Balance.SOURCE ? source(memory, client) : 0;
    int best = NONE;
    boolean full = false;
    double bestScore = 0;
    long total = 0;
    for (int i = 0; i < places.length; i++) {
      Member member = group.members().get(i);
      int place = places[i];
      if (tried.get(i) || !fits(member, place, tier, onlyBackups, now)) {
        continue;
      }
      if (member.maxSessions() > 0 && board.active(place) >= member.maxSessions()) {
        full = true;
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
      if (best == NONE || score > bestScore) {
        best = i;
        bestScore = score;
      }
    }
    if (best >= 0 && group.balance() == Balance.ROUND_ROBIN) {
      // The turns of nginx: who was chosen stands back by what all have gained.
      turn.current[best] -= total;
    }
    return best == NONE && full ? FULL : best;
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
