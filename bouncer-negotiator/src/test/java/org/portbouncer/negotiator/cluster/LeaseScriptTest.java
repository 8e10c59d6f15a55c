package org.portbouncer.negotiator.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.cluster.ClusterWire.Answer;
import org.portbouncer.core.cluster.ClusterWire.Ask;
import org.portbouncer.core.cluster.ClusterWire.Outcome;
import org.portbouncer.core.cluster.ClusterWire.Wish;

/** The script in a real Redis, held against the model that the simulation trusts. */
class LeaseScriptTest {

  private static final int MEMBERS = 7;
  private static final int LIMITS = 3;
  private static final int ROUNDS = 2_000;

  @TempDir private Path folder;

  private static List<String> words(
      String member, long number, String run, boolean look, boolean leave, List<Wish> wishes) {
    List<String> words =
        new ArrayList<>(List.of("EVAL", LeaseScript.TEXT, "2", "s", "m", member, "" + number, run));
    words.addAll(List.of(member, leave ? "1" : "0", look ? "1" : "0"));
    for (Wish wish : wishes) {
      words.add(Long.toHexString(wish.key()));
      words.addAll(List.of("" + wish.limit(), "" + wish.held()));
      words.addAll(List.of("" + wish.used(), "" + wish.wanted()));
    }
    return words;
  }

  @Test
  void shouldDoAsTheModelWhenServersComeGoAndWantThisAndThat() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("LeaseScriptTest -Dseed=" + seed);
    Random random = new Random(seed);
    LeaseModel model = new LeaseModel();
    long[][] held = new long[MEMBERS][LIMITS];
    long[] numbers = new long[MEMBERS];
    String run = "first";
    try (RedisServer redis = RedisServer.start(folder);
        RedisConnection connection = redis.open()) {
      int more = 0;
      for (int round = 0; round < ROUNDS; round++) {
        if (round == ROUNDS * 3 / 4) {
          run = "second";
        }
        if (round % 100 == 0) {
          // Its clock is Redis' own: until it gives more, time must pass.
          Thread.sleep(200 + random.nextInt(200));
        }
        int who = random.nextInt(MEMBERS);
        boolean leave = random.nextInt(60) == 0;
        List<Wish> wishes = new ArrayList<>();
        for (int limit = 0; limit < LIMITS && !leave; limit++) {
          long used = held[who][limit] == 0 ? 0 : random.nextLong(held[who][limit] + 1);
          long wanted = random.nextInt(3) == 0 ? 1000 : used + random.nextInt(20);
          held[who][limit] = Math.max(used, held[who][limit] - random.nextInt(3));
          wishes.add(new Wish(limit + 1L, 100L << limit, held[who][limit], used, wanted));
        }
        numbers[who]++;
        boolean look = random.nextInt(10) == 0;
        List<?> said =
            (List<?>) connection.call(words("m" + who, numbers[who], run, look, leave, wishes));
        long now = (Long) said.get(0);
        if (leave) {
          model.leave("m" + who, numbers[who], run, now);
          held[who] = new long[LIMITS];
          continue;
        }
        LeaseModel.Reply reply = model.call("m" + who, numbers[who], run, wishes, now);
        List<Long> expected = new ArrayList<>();
        expected.addAll(List.of(now, reply.clock(), (long) reply.members(), (long) reply.tick()));
        expected.add(reply.recalling() ? 1L : 0L);
        for (int limit = 0; limit < LIMITS; limit++) {
          var part = reply.parts().get(limit);
          more += part.granted() > held[who][limit] ? 1 : 0;
          held[who][limit] = part.granted();
          expected.addAll(
              List.of(part.granted(), part.target(), part.heldByAll(), part.usedByAll()));
        }
        List<?> numbersSaid = said.subList(0, expected.size());
        assertThat(numbersSaid.equals(expected))
            .as("seed %d, round %d: %s and %s", seed, round, numbersSaid, expected)
            .isTrue();
      }
      assertThat(more).as("calls in which somebody got more").isGreaterThan(100);
    }
  }

  @Test
  void shouldRefuseACallWhenALaterOneCameBefore() throws Exception {
    try (RedisServer redis = RedisServer.start(folder);
        RedisConnection connection = redis.open()) {
      connection.call(words("a", 2, "r", false, false, List.of()));
      assertThatThrownBy(() -> connection.call(words("a", 1, "r", false, false, List.of())))
          .isInstanceOf(RedisException.class)
          .hasMessageStartingWith("OLD");
    }
  }

  @Test
  void shouldSayWhyInOneLineWhenRedisIsNotThereOrDoesNotWantUs() throws Exception {
    Ask ask = new Ask(1, false, List.of(new Wish(1, 10, 0, 0, 1)));
    try (RedisServer redis = RedisServer.start(folder)) {
      Answer first = new Leases(redis.setup("", "one")).ask(ask);
      assertThat(first.outcome()).isEqualTo(Outcome.RECALLING);
      assertThat(first.members()).isEqualTo(1);
      Answer wrong = new Leases(redis.setup("wrong", "two")).ask(ask);
      assertThat(wrong.outcome()).isEqualTo(Outcome.AWAY);
      assertThat(wrong.why())
          .startsWith("Redis has no password, and is told one")
          .doesNotContain("\n");
      redis.end();
      Answer gone = new Leases(redis.setup("", "three")).ask(ask);
      assertThat(gone.outcome()).isEqualTo(Outcome.AWAY);
      assertThat(gone.why()).contains("Connection refused");
    }
  }

  @Test
  void shouldGoOnWithoutItsScriptWhenRedisHasForgottenIt() throws Exception {
    try (RedisServer redis = RedisServer.start(folder);
        RedisConnection connection = redis.open()) {
      Leases leases = new Leases(redis.setup("", "one"));
      assertThat(leases.ask(new Ask(1, true, List.of())).outcome()).isEqualTo(Outcome.RECALLING);
      connection.call(List.of("SCRIPT", "FLUSH"));
      Answer again = leases.ask(new Ask(2, true, List.of()));
      assertThat(again.outcome()).isEqualTo(Outcome.RECALLING);
      assertThat(again.others()).hasSize(1);
      assertThat(again.others().getFirst().label()).isEqualTo("one");
    }
  }

  @Test
  void shouldBeNobodyToRedisUntilItAsksThoughItWasReachedBefore() throws Exception {
    try (RedisServer redis = RedisServer.start(folder);
        RedisConnection connection = redis.open()) {
      Leases leases = new Leases(redis.setup("", "one"));
      leases.prepare();
      assertThat((List<?>) connection.call(List.of("KEYS", "*"))).isEmpty();
      assertThat(leases.ask(new Ask(1, true, List.of())).outcome()).isEqualTo(Outcome.RECALLING);
    }
  }
}
