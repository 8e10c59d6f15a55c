package org.portbouncer.negotiator.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.config.TargetGroup;
import org.portbouncer.core.config.TargetGroup.Balance;
import org.portbouncer.core.config.TargetGroup.Check;
import org.portbouncer.core.config.TargetGroup.Eject;
import org.portbouncer.core.config.TargetGroup.Member;
import org.portbouncer.core.config.TargetGroup.WhenAllDown;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.TargetBoard;
import org.portbouncer.core.shared.TargetBoard.Mode;
import org.portbouncer.core.shared.TargetBoard.Outcome;
import org.portbouncer.core.sys.SockAddr;

class MemberChoiceTest {

  private static final long NOW = 1_000_000_000_000L;
  private static final long SECOND = 1_000_000_000L;

  private final TargetBoard board = SharedArea.create(4096).targets();
  private final MemberChoice choice = new MemberChoice(board);
  private final MemorySegment client = Arena.ofAuto().allocate(32, 8);
  private final BitSet tried = new BitSet();

  private static Member member(String name, int weight, int most, boolean backup) {
    Endpoint address = new Endpoint(Endpoint.Kind.NAME, name + ":1", name, 1, "");
    return new Member(name, address, weight, most, backup, null, SocketSettings.NONE);
  }

  private static Member primary(String name) {
    return member(name, 1, 0, false);
  }

  private static Member backup(String name) {
    return member(name, 1, 0, true);
  }

  private static TargetGroup group(Balance balance, WhenAllDown down, Member... members) {
    Check check = new Check(Check.Type.NONE, 2000, 1000, 2, 3, "", "", 0);
    return new TargetGroup(
        "app",
        List.of(members),
        balance,
        3,
        new Eject(3, 10_000, 10_000),
        check,
        30_000,
        down,
        false,
        10_000,
        0,
        "bouncer.conf",
        1);
  }

  private int next(TargetGroup group) {
    return next(group, NOW);
  }

  private int next(TargetGroup group, long now) {
    int[] places = IntStream.range(0, group.members().size()).toArray();
    int chosen = choice.next(group, places, tried, client, 0, now);
    int left = choice.left(group, places, tried, now);
    assertThat(chosen >= 0).as("%d chosen, %d left", chosen, left).isEqualTo(left > 0);
    return chosen;
  }

  /** What a session that none of them connects tries, in this order. */
  private List<Integer> all(TargetGroup group) {
    List<Integer> order = new ArrayList<>();
    for (int chosen = next(group); chosen >= 0; chosen = next(group)) {
      order.add(chosen);
      tried.set(chosen);
    }
    return order;
  }

  private void down(int place) {
    assertThat(board.checks().note(place, false, Cause.NO_ANSWER, 0, 1, NOW)).isTrue();
  }

  private void eject(int place) {
    assertThat(board.failed(place, Outcome.REFUSED, Cause.CONNECT, 0, 1, SECOND, 10 * SECOND, NOW))
        .isTrue();
  }

  @Test
  void shouldTryTheBackupsAfterAllOthers() {
    TargetGroup group =
        group(Balance.ORDER, WhenAllDown.TRY, backup("s"), primary("a"), primary("b"));
    assertThat(all(group)).containsExactly(1, 2, 0);
    assertThat(next(group)).isEqualTo(MemberChoice.NONE);
  }

  @Test
  void shouldTryWhatIsDownOnlyWhereNoneIsUp() {
    TargetGroup group =
        group(Balance.ORDER, WhenAllDown.TRY, primary("a"), primary("b"), backup("s"));
    down(0);
    eject(1);
    assertThat(all(group)).as("one is up").containsExactly(2);
    tried.clear();
    down(2);
    assertThat(all(group)).as("as if all were up: backups last").containsExactly(0, 1, 2);
  }

  @Test
  void shouldRefuseWhereNoneIsUpAndTheGroupSaysSo() {
    TargetGroup group = group(Balance.ORDER, WhenAllDown.REFUSE, primary("a"), backup("s"));
    down(0);
    down(1);
    assertThat(next(group)).isEqualTo(MemberChoice.NONE);
  }

  @Test
  void shouldNeverTryWhatTheOperatorHasTakenOut() {
    TargetGroup group =
        group(Balance.ORDER, WhenAllDown.TRY, primary("a"), primary("b"), backup("s"));
    board.mode(0, Mode.DRAIN, NOW);
    board.mode(2, Mode.OFF, NOW);
    down(1);
    assertThat(all(group)).containsExactly(1);
  }

  @Test
  void shouldSayFullWhereThereAreMembersAndNoneHasRoom() {
    TargetGroup group =
        group(Balance.ORDER, WhenAllDown.TRY, member("a", 1, 1, false), member("s", 1, 1, true));
    assertThat(board.enter(0, 1)).isTrue();
    assertThat(next(group)).as("the backup has room").isEqualTo(1);
    assertThat(board.enter(1, 1)).isTrue();
    assertThat(next(group)).isEqualTo(MemberChoice.FULL);
    tried.set(0);
    board.leave(1);
    assertThat(next(group)).isEqualTo(1);
  }

  @Test
  void shouldTakeBackupsAsTheOthersWhereThereIsNothingElse() {
    TargetGroup group = group(Balance.ORDER, WhenAllDown.REFUSE, backup("s"), backup("t"));
    assertThat(all(group)).containsExactly(0, 1);
  }

  @Test
  void shouldTakeTurnsByWeightWithoutRunsOfOne() {
    TargetGroup group =
        group(Balance.ROUND_ROBIN, WhenAllDown.TRY, member("a", 3, 0, false), primary("b"));
    List<Integer> eight = IntStream.range(0, 8).map(i -> next(group)).boxed().toList();
    assertThat(eight).containsExactly(0, 0, 1, 0, 0, 0, 1, 0);
  }

  @Test
  void shouldGiveAMemberThatTheOperatorBringsBackItsShareOverTime() {
    TargetGroup group = group(Balance.ROUND_ROBIN, WhenAllDown.TRY, primary("a"), primary("b"));
    board.mode(0, Mode.DRAIN, NOW);
    board.mode(0, Mode.READY, NOW);
    assertThat(shareOfFirst(group, NOW)).as("at once").isBetween(1, 10);
    assertThat(shareOfFirst(group, NOW + 5 * SECOND)).as("half way").isBetween(30, 37);
    assertThat(shareOfFirst(group, NOW + 10 * SECOND)).as("at the end").isEqualTo(50);
    board.mode(0, Mode.READY, NOW + 10 * SECOND);
    assertThat(shareOfFirst(group, NOW + 10 * SECOND)).as("it was ready").isEqualTo(50);
  }

  private int shareOfFirst(TargetGroup group, long now) {
    choice.forget();
    return (int) IntStream.range(0, 100).filter(i -> next(group, now) == 0).count();
  }

  @Test
  void shouldMoveNoOtherSourcesThanThoseOfAMemberThatGoes() {
    Member[] five = new Member[5];
    for (int i = 0; i < five.length; i++) {
      five[i] = member("m" + i, i + 1, 0, false);
    }
    TargetGroup group = group(Balance.SOURCE, WhenAllDown.TRY, five);
    Map<Integer, Integer> before = sources(group);
    for (int i = 0; i < five.length; i++) {
      int place = i;
      double share = before.values().stream().filter(one -> one == place).count() / 3000.0;
      assertThat(share).as("member %d", i).isBetween((i + 1) / 15.0 - 0.04, (i + 1) / 15.0 + 0.04);
    }
    down(3);
    Map<Integer, Integer> after = sources(group);
    before.forEach(
        (source, member) -> {
          if (member != 3) {
            assertThat(after.get(source)).as("source %d", source).isEqualTo(member);
          } else {
            assertThat(after.get(source)).isNotEqualTo(3);
          }
        });
  }

  /** Of three thousand sources the member. */
  private Map<Integer, Integer> sources(TargetGroup group) {
    Map<Integer, Integer> members = new HashMap<>();
    for (int source = 0; source < 3000; source++) {
      SockAddr.put(client, 0, "10.0.%d.%d".formatted(source / 250, source % 250), 40_000);
      members.put(source, next(group));
    }
    return members;
  }
}
