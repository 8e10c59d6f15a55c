package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.Rate;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.shared.LimitTable.Outcome;

class LimitTableTest extends LimitTableCase {

  private static Limit perSource(int max, Rate rate) {
    return Limit.of("office", "staff", Limit.Per.SOURCE, max, rate);
  }

  /** What comes of one more session of a rule with a part, at that time; it stays if it may. */
  private Outcome takePart(Limit rule, SharedParts parts, int place, long now) {
    int record = records.allocate();
    Outcome outcome = table.take(record, rule, null, 0, 0, now, PID, parts, place);
    if (outcome != Outcome.TAKEN) {
      sessions.free(record);
    }
    return outcome;
  }

  @Test
  void shouldCountASessionThatLivesAlreadyWhateverTheLimitsAre() {
    Limit rule = perRule(1, new Rate(2, 1000));
    Limit source = perSource(1, new Rate(1, 1000));
    int[] lives = new int[3];
    for (int i = 0; i < lives.length; i++) {
      lives[i] = records.allocate();
      assertThat(table.adopt(lives[i], rule, source, 0, 9, MS, PID)).isEqualTo(Outcome.TAKEN);
    }
    assertThat(table.live(rule)).isEqualTo(3);
    assertThat(table.live(source, 0, 9)).isEqualTo(3);
    assertThat(table.recent(rule, MS)).as("counted by the rate").isZero();
    int next = records.allocate();
    assertThat(table.take(next, rule, source, 0, 9, MS, PID)).isEqualTo(Outcome.LIMITED);
    for (int record : lives) {
      end(record);
    }
    assertThat(table.live(rule)).isZero();
    assertThat(table.take(next, rule, source, 0, 9, MS, PID)).isEqualTo(Outcome.TAKEN);
  }

  @Test
  void shouldKeepToThePartAndToItsTimeWhenTheLimitIsSharedWithOthers() {
    SharedParts parts = new SharedParts(memory(SharedParts.BYTES));
    Limit rule = Limit.part("office", "staff", 100, null);
    assertThat(takePart(rule, parts, 7, MS)).as("before any part").isEqualTo(Outcome.LIMITED);
    assertThat(table.reached()).isEqualTo(Cause.CLUSTER_AWAY);
    assertThat(parts.refusedSessions(7)).as("that is no demand to be served").isZero();
    parts.set(7, 2, 0, 1000 * MS);
    assertThat(takePart(rule, parts, 7, MS)).isEqualTo(Outcome.TAKEN);
    assertThat(takePart(rule, parts, 7, MS)).isEqualTo(Outcome.TAKEN);
    assertThat(takePart(rule, parts, 7, MS)).isEqualTo(Outcome.LIMITED);
    assertThat(table.reached()).isEqualTo(Cause.MAX_SESSIONS);
    assertThat(parts.refusedSessions(7)).isEqualTo(1);
    parts.set(7, 1, 0, 1000 * MS);
    assertThat(takePart(rule, parts, 7, MS)).as("less than there are").isEqualTo(Outcome.LIMITED);
    parts.set(7, 3, 0, 1000 * MS);
    assertThat(takePart(rule, parts, 7, 1000 * MS))
        .as("its time is over")
        .isEqualTo(Outcome.LIMITED);
    assertThat(takePart(rule, parts, 7, 999 * MS)).isEqualTo(Outcome.TAKEN);
    assertThat(table.live(rule)).isEqualTo(3);
  }

  @Test
  void shouldCountTheSameWindowWhenThePartOfARateChanges() {
    SharedParts parts = new SharedParts(memory(SharedParts.BYTES));
    for (Rate rate : List.of(new Rate(10, 1000), new Rate(100, 1000))) {
      Limit rule = Limit.part("office", "r" + rate.count(), 0, rate);
      long now = 5000 * MS;
      for (int part = 3; part <= 9; part += 3) {
        parts.set(8, 0, part, Long.MAX_VALUE);
        for (int i = 0; i < 3; i++) {
          assertThat(takePart(rule, parts, 8, now)).isEqualTo(Outcome.TAKEN);
        }
        assertThat(table.recent(rule, now)).isEqualTo(part);
        assertThat(takePart(rule, parts, 8, now)).isEqualTo(Outcome.LIMITED);
        assertThat(table.reached()).isEqualTo(Cause.RATE);
      }
      parts.set(8, 0, 2, Long.MAX_VALUE);
      assertThat(takePart(rule, parts, 8, now)).isEqualTo(Outcome.LIMITED);
      assertThat(table.recent(rule, now)).isEqualTo(9);
      assertThat(table.recent(rule, now + 1100 * MS)).as("the window has passed").isZero();
      assertThat(takePart(rule, parts, 8, now + 1100 * MS)).isEqualTo(Outcome.TAKEN);
    }
    assertThat(parts.refusedRate(8)).isEqualTo(8);
    parts.clear(8);
    assertThat(parts.isHeld(8, 0)).isFalse();
    assertThat(parts.refusedRate(8)).isZero();
  }

  @Test
  void shouldHaveNoLimitWhereNothingIsToBeCounted() {
    assertThat(perRule(0, null)).isNull();
    int record = records.allocate();
    assertThat(table.take(record, null, null, 0, 0, 0, PID)).isEqualTo(Outcome.TAKEN);
    end(record);
  }

  @Test
  void shouldKeepRuleAndSourceApartInTheirKeys() {
    assertThat(perRule(1, null).key()).isNotEqualTo(perSource(1, null).key());
    assertThat(perRule(1, null).key()).isEqualTo(perRule(7, new Rate(1, 1)).key());
  }

  @Test
  void shouldTakeExactlyAsManyAsTheLimitAndAnotherWhenOneEnds() {
    Limit limit = perRule(3, null);
    Deque<Integer> live = new ArrayDeque<>();
    for (int i = 0; i < 3; i++) {
      live.add(records.allocate());
      assertThat(table.take(live.getLast(), limit, null, 0, 0, i, PID)).isEqualTo(Outcome.TAKEN);
    }
    int more = records.allocate();
    assertThat(table.take(more, limit, null, 0, 0, 9, PID)).isEqualTo(Outcome.LIMITED);
    end(live.remove());
    assertThat(table.take(more, limit, null, 0, 0, 9, PID)).isEqualTo(Outcome.TAKEN);
    assertThat(table.live(limit)).isEqualTo(3);
    live.forEach(this::end);
    end(more);
    assertThat(table.liveInAll()).isZero();
  }

  @Test
  void shouldGiveBackOnlyOnce() {
    Limit limit = perRule(3, null);
    int first = records.allocate();
    int second = records.allocate();
    table.take(first, limit, null, 0, 0, 0, PID);
    table.take(second, limit, null, 0, 0, 0, PID);
    table.release(first, PID);
    table.release(first, PID);
    assertThat(table.live(limit)).isEqualTo(1);
  }

  @Test
  void shouldCountNothingWhenTheOtherLimitRefuses() {
    Limit rule = perRule(2, new Rate(100, 1000));
    Limit source = perSource(1, null);
    int first = records.allocate();
    int second = records.allocate();
    assertThat(table.take(first, rule, source, 0, 5, 0, PID)).isEqualTo(Outcome.TAKEN);
    assertThat(table.take(second, rule, source, 0, 5, 0, PID)).isEqualTo(Outcome.LIMITED);
    assertThat(table.live(rule)).isEqualTo(1);
    assertThat(table.take(second, rule, source, 0, 6, 0, PID)).isEqualTo(Outcome.TAKEN);
    int third = records.allocate();
    assertThat(table.take(third, rule, source, 0, 7, 0, PID)).isEqualTo(Outcome.LIMITED);
    assertThat(table.live(source, 0, 7)).isZero();
    end(first);
    end(second);
    assertThat(table.liveInAll()).isZero();
  }

  @Test
  void shouldRememberTheRateOfASourceThatHasNoSession() {
    Limit source = perSource(0, new Rate(2, 1000));
    for (int i = 0; i < 2; i++) {
      int record = records.allocate();
      assertThat(table.take(record, null, source, 3, 4, i, PID)).isEqualTo(Outcome.TAKEN);
      end(record);
    }
    int record = records.allocate();
    assertThat(table.take(record, null, source, 3, 4, 900 * MS, PID)).isEqualTo(Outcome.LIMITED);
    assertThat(table.take(record, null, source, 3, 4, 1001 * MS, PID)).isEqualTo(Outcome.TAKEN);
  }

  @Test
  void shouldNotForgetCountedSourcesAndRulesWhenAFloodFillsTheTable() {
    Limit rule = perRule(2, null);
    Limit source = perSource(1, new Rate(1, 60_000));
    int held = records.allocate();
    assertThat(table.take(held, rule, source, 9, 9, 0, PID)).isEqualTo(Outcome.TAKEN);
    int refused = 0;
    int flood = 200_000;
    for (int i = 0; i < flood; i++) {
      int record = records.allocate();
      if (table.take(record, null, source, 1, i, MS, PID) == Outcome.NO_ROOM) {
        refused++;
      }
      end(record);
    }
    // Every place is taken by a source whose rate window lasts: nobody gets in uncounted.
    assertThat(refused).isGreaterThan(flood / 2);
    int again = records.allocate();
    assertThat(table.take(again, rule, source, 9, 9, 59_000 * MS, PID)).isEqualTo(Outcome.LIMITED);
    // When the windows have passed, there is room again.
    for (int i = 0; i < 1000; i++) {
      assertThat(table.take(again, null, source, 2, i, 120_000 * MS, PID)).isEqualTo(Outcome.TAKEN);
      table.release(again, PID);
    }
    assertThat(table.live(source, 9, 9)).isEqualTo(1);
    assertThat(table.live(rule)).isEqualTo(1);
  }

  /** As policy.md promises it, of the smallest table that a server makes; whoever they are. */
  @Test
  void shouldCountFourSourcesForEachRecordBeforeItRefusesAny() {
    int capacity = 65_536;
    HashKey key = HashKey.random();
    long seed = key.low();
    System.out.println("LimitTableTest key " + key);
    SessionTable many = new SessionTable(memory(SessionTable.bytes(capacity)), capacity);
    many.initialize();
    int record = new RecordAllocator(many, 1).allocate();
    for (boolean inARow : new boolean[] {true, false}) {
      LimitTable full =
          new LimitTable(memory(LimitTable.bytes(capacity)), many, key, dead::contains);
      Random random = new Random(seed);
      Limit source = perSource(1, new Rate(1, 3_600_000));
      for (int i = 0; i < 4 * capacity; i++) {
        long address = inARow ? i : random.nextLong();
        Outcome outcome = full.take(record, null, source, 0, address, MS, PID);
        full.release(record, PID);
        if (outcome != Outcome.TAKEN) {
          assertThat(i).as("sources counted, key %s", key).isEqualTo(4 * capacity);
        }
      }
    }
  }

  /** Those that share a victim's place under one key, who could be chosen if it were known. */
  @Test
  void shouldScatterUnderAnotherKeyWhatSharesAPlaceUnderOne() {
    HashKey known = new HashKey(1, 2);
    int sets = HashedPlaces.setsFor(4 * CAPACITY);
    Limit source = perSource(1, new Rate(1, 60_000));
    HashedPlaces places = new HashedPlaces(known, LimitTable.RULE_SETS, sets);
    long victim = places.hash(source.key(), 0, 0);
    List<Long> chosen = new ArrayList<>();
    for (long address = 1; chosen.size() < 2 * HashedPlaces.BUCKET; address++) {
      long hash = places.hash(source.key(), 0, address);
      if (places.bucket(hash, 0) == places.bucket(victim, 0)
          && places.bucket(hash, 1) == places.bucket(victim, 1)) {
        chosen.add(address);
      }
    }
    chosen.add(0L);
    LimitTable guessed =
        new LimitTable(memory(LimitTable.bytes(CAPACITY)), sessions, known, dead::contains);
    int record = records.allocate();
    for (LimitTable each : List.of(guessed, table)) {
      Outcome last = null;
      for (long address : chosen) {
        last = each.take(record, null, source, 0, address, MS, PID);
        each.release(record, PID);
      }
      assertThat(last).isEqualTo(each == guessed ? Outcome.NO_ROOM : Outcome.TAKEN);
    }
  }

  @Test
  void shouldMakeRoomAtOnceWhereOnlySessionsAreCounted() {
    Limit source = perSource(1, null);
    for (int i = 0; i < 200_000; i++) {
      int record = records.allocate();
      assertThat(table.take(record, null, source, 1, i, 0, PID)).isEqualTo(Outcome.TAKEN);
      end(record);
    }
  }

  @Test
  void shouldBeExactWhenManyProcessesTakeAndGiveBack() throws Exception {
    Limit rule = perRule(7, null);
    Limit source = perSource(3, null);
    AtomicInteger inRule = new AtomicInteger();
    AtomicInteger[] inSource = {
      new AtomicInteger(), new AtomicInteger(), new AtomicInteger(), new AtomicInteger()
    };
    int[] free = new int[64];
    for (int i = 0; i < free.length; i++) {
      free[i] = records.allocate();
    }
    int threads = 4;
    AtomicInteger taken = new AtomicInteger();
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      Future<?>[] done = new Future<?>[threads];
      for (int t = 0; t < threads; t++) {
        int thread = t;
        done[t] =
            pool.submit(
                () -> {
                  Random random = new Random(thread);
                  int[] own = new int[16];
                  int[] at = new int[16];
                  for (int i = 0; i < 20_000; i++) {
                    int slot = random.nextInt(16);
                    int record = free[thread * 16 + slot];
                    if (own[slot] == 1) {
                      inRule.decrementAndGet();
                      inSource[at[slot]].decrementAndGet();
                      table.release(record, 100 + thread);
                      own[slot] = 0;
                    } else {
                      at[slot] = random.nextInt(4);
                      Outcome outcome =
                          table.take(record, rule, source, 0, at[slot] + 1, i, 100 + thread);
                      if (outcome == Outcome.TAKEN) {
                        taken.incrementAndGet();
                        own[slot] = 1;
                        assertThat(inRule.incrementAndGet()).isLessThanOrEqualTo(7);
                        assertThat(inSource[at[slot]].incrementAndGet()).isLessThanOrEqualTo(3);
                      }
                    }
                  }
                });
      }
      for (Future<?> each : done) {
        each.get();
      }
    }
    assertThat(taken).hasPositiveValue();
    for (int record : free) {
      end(record);
    }
    assertThat(table.liveInAll()).isZero();
  }
}
