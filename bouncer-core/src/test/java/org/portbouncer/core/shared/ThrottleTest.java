package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.core.config.BandwidthClass.SharedBy;
import org.portbouncer.core.support.Seed;

/** The line of a bucket, played with a clock of its own: many sessions, late wake-ups, years. */
class ThrottleTest extends ThrottleCase {

  private static final long SECOND = 1000 * MS;
  private static final long YEAR = 365L * 24 * 3600 * SECOND;

  private final Random random = Seed.random(ThrottleTest.class);
  private final PriorityQueue<Player> wakeUps =
      new PriorityQueue<>((a, b) -> Long.compare(a.wakeUp, b.wakeUp));
  private final List<Player> players = new ArrayList<>();

  /** How late a wake-up may be. */
  private long lateness = 2 * MS;

  /** A session that always has something to read, unless its source is slower than that. */
  private final class Player {
    private final int record = records.allocate();
    private final Throttle throttle;
    private final long sourceRate;
    private final long begun = now;
    private long bytes;
    private long wakeUp;
    private long firstByte = -1;

    Player(SharedBy by, long sourceRate) {
      this.sourceRate = sourceRate;
      BucketTable table = workers[players.size() % 2];
      table.acquire(record, PLACE, by, 0, 0, now, PID);
      throttle = new Throttle(table, Way.UP);
      throttle.open(record, PLACE);
      players.add(this);
      wakeUp = now;
      wakeUps.add(this);
    }

    /** What the source has sent and nobody has read. */
    private long there() {
      return sourceRate == 0
          ? Long.MAX_VALUE
          : Math.max(0, (now - begun) / MS * sourceRate / 1000 - bytes);
    }

    /** One turn, as a direction of a flow has it. */
    void turn() {
      boolean more = false;
      for (int takes = 0; takes < 64; takes++) {
        long allowed = throttle.take(now);
        if (allowed == Throttle.AFTER_OTHERS) {
          more = true;
          break;
        }
        if (allowed == 0) {
          if (!throttle.waiting() && there() > 0) {
            throttle.await(now);
          }
          break;
        }
        long read = Math.min(allowed, there());
        if (read == 0) {
          break;
        }
        if (firstByte < 0) {
          firstByte = now;
        }
        bytes += read;
        throttle.read(read);
      }
      throttle.endTurn(more);
      // A loop counts in milliseconds, and is late.
      wakeUp =
          more
              ? now
              : throttle.waiting()
                  ? (Math.max(throttle.due(), now) + MS) / MS * MS + late()
                  : now + MS;
      wakeUps.add(this);
    }

    private long late() {
      return lateness == 0 ? 0 : random.nextLong(lateness);
    }

    void end() {
      wakeUps.remove(this);
      throttle.end(now);
      workers[0].release(record, PID);
      sessions.free(record);
    }
  }

  private void play(long nanos) {
    long end = now + nanos;
    while (!wakeUps.isEmpty() && wakeUps.peek().wakeUp <= end) {
      Player player = wakeUps.poll();
      now = Math.max(now, player.wakeUp);
      player.turn();
    }
    now = end;
  }

  private long total() {
    return players.stream().mapToLong(player -> player.bytes).sum();
  }

  private double jain() {
    double sum = 0;
    double squares = 0;
    for (Player player : players) {
      sum += player.bytes;
      squares += (double) player.bytes * player.bytes;
    }
    return sum * sum / (players.size() * squares);
  }

  private void nothingIsLeft() {
    players.forEach(Player::end);
    assertThat(workers[0].liveInAll()).isZero();
  }

  private void rate(long bytesPerSecond) {
    classes.set(PLACE, bytesPerSecond, 0, 0, now);
  }

  @ParameterizedTest
  @CsvSource({
    "125, 1",
    "125, 10",
    "1000, 3",
    "1048576, 1",
    "1048576, 10",
    "1048576, 100",
    "10485760, 1",
    "10485760, 10",
    "10485760, 100",
    "104857600, 1",
    "104857600, 10",
    "104857600, 100",
    "1250000000, 1",
    "1250000000, 20"
  })
  void shouldHoldTheRateAndShareItEquallyOverTwoProcesses(long rate, int count) {
    rate(rate);
    for (int i = 0; i < count; i++) {
      new Player(SharedBy.ALL, 0);
    }
    play(10 * SECOND);
    assertThat((double) total()).isCloseTo(10.0 * rate, within(0.01 * 10 * rate));
    assertThat(jain()).isGreaterThan(0.99);
    nothingIsLeft();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 5, 20, 60, 110})
  void shouldLoseNothingToLateWakeUps(long latenessMs) {
    lateness = latenessMs * MS;
    rate(100 << 20);
    new Player(SharedBy.ALL, 0);
    play(10 * SECOND);
    assertThat((double) total()).isCloseTo(10.0 * (100 << 20), within(0.015 * 10 * (100 << 20)));
    nothingIsLeft();
  }

  @ParameterizedTest
  @ValueSource(longs = {125, 1_250_000_000})
  void shouldHoldTheRateAfterYears(long rate) {
    rate(rate);
    Player player = new Player(SharedBy.ALL, 0);
    play(SECOND);
    now += 20 * YEAR;
    play(SECOND / 2);
    long before = player.bytes;
    play(10 * SECOND);
    assertThat((double) player.bytes - before).isCloseTo(10.0 * rate, within(0.01 * 10 * rate));
    nothingIsLeft();
  }

  @Test
  void shouldLetNoMoreThanTheBurstPassAtOnceAfterAPause() {
    classes.set(PLACE, 1_000_000, 0, 300_000, now);
    Player player = new Player(SharedBy.SESSION, 0);
    player.turn();
    assertThat(player.bytes).isEqualTo(300_000);
    play(SECOND);
    assertThat(player.bytes).isBetween(1_240_000L, 1_300_000L);
    // A pause of an hour is worth one burst and no more.
    long before = player.bytes;
    wakeUps.clear();
    player.throttle.endTurn(false);
    now += 3600 * SECOND;
    player.turn();
    assertThat(player.bytes - before).isBetween(300_000L, 400_000L);
    nothingIsLeft();
  }

  @Test
  void shouldGiveTheRestToOthersWhereSomeDoNotUseTheirPart() {
    rate(10_000_000);
    for (int i = 0; i < 5; i++) {
      new Player(SharedBy.ALL, 100_000);
      new Player(SharedBy.ALL, 0);
    }
    // Long enough for what late wake-ups take from one and give to another to even out.
    play(60 * SECOND);
    assertThat((double) total()).isCloseTo(600_000_000.0, within(6_000_000.0));
    for (int i = 0; i < 10; i += 2) {
      assertThat((double) players.get(i).bytes).isCloseTo(6_000_000.0, within(120_000.0));
      assertThat((double) players.get(i + 1).bytes).isCloseTo(114_000_000.0, within(2_400_000.0));
    }
    nothingIsLeft();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 100})
  void shouldServeANewSessionWithin100MillisecondsBesideOthers(int others) {
    rate(1 << 20);
    for (int i = 0; i < others; i++) {
      new Player(SharedBy.ALL, 0);
    }
    play(SECOND);
    Player late = new Player(SharedBy.ALL, 0);
    play(SECOND);
    assertThat(late.firstByte - late.begun).isLessThan(100 * MS);
    assertThat((double) late.bytes)
        .isCloseTo((1 << 20) / (others + 1.0), within(0.15 * (1 << 20) / (others + 1)));
    nothingIsLeft();
  }

  @Test
  void shouldStarveNobodyWhereSessionsComeAndGo() {
    rate(1 << 20);
    List<Player> staying = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      staying.add(new Player(SharedBy.ALL, 0));
    }
    List<Player> guests = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      guests.add(new Player(SharedBy.ALL, 0));
      if (guests.size() > 20) {
        Player gone = guests.remove(random.nextInt(guests.size()));
        gone.end();
        players.remove(gone);
      }
      play(10 * MS);
    }
    double part = 10.0 * (1 << 20) / 40;
    for (Player player : staying) {
      assertThat((double) player.bytes).isBetween(0.8 * part, 1.3 * part);
    }
    nothingIsLeft();
  }

  @Test
  void shouldFollowAChangeOfTheRateAtOnceAndWithoutALongLine() {
    rate(100 << 20);
    for (int i = 0; i < 100; i++) {
      new Player(SharedBy.ALL, 0);
    }
    play(2 * SECOND);
    // A hundredth: what stands in line would take five seconds.
    rate(1 << 20);
    wakeAll();
    play(100 * MS);
    long[] before = players.stream().mapToLong(player -> player.bytes).toArray();
    long sum = total();
    play(2 * SECOND);
    assertThat((double) total() - sum).isCloseTo(2.0 * (1 << 20), within(0.03 * 2 * (1 << 20)));
    for (int i = 0; i < before.length; i++) {
      assertThat((double) players.get(i).bytes - before[i])
          .isCloseTo(2.0 * (1 << 20) / 100, within(0.25 * 2 * (1 << 20) / 100));
    }
    rate(0);
    wakeAll();
    assertThat(players).allSatisfy(player -> assertThat(player.throttle.waiting()).isTrue());
    players.forEach(Player::turn);
    assertThat(players).noneSatisfy(player -> assertThat(player.throttle.waiting()).isTrue());
    nothingIsLeft();
  }

  /** The mother's word that something has changed. */
  private void wakeAll() {
    wakeUps.clear();
    for (Player player : players) {
      player.wakeUp = now;
      wakeUps.add(player);
    }
  }

  @Test
  void shouldGiveBackWhatWasTakenAndNotRead() {
    rate(1_000_000);
    Player reader = new Player(SharedBy.ALL, 0);
    Throttle nothingThere = new Throttle(workers[1], Way.UP);
    int record = records.allocate();
    workers[1].acquire(record, PLACE, SharedBy.ALL, 0, 0, now, PID);
    nothingThere.open(record, PLACE);
    for (int i = 0; i < 1000; i++) {
      if (nothingThere.take(now) == 0 && !nothingThere.waiting()) {
        nothingThere.await(now);
      }
      nothingThere.endTurn(false);
      play(10 * MS);
    }
    assertThat((double) reader.bytes).isCloseTo(10_000_000.0, within(150_000.0));
    nothingThere.end(now);
    workers[1].release(record, PID);
    nothingIsLeft();
  }

  @Test
  void shouldSayHowLongItWaited() {
    rate(1000);
    Player player = new Player(SharedBy.ALL, 0);
    play(10 * SECOND);
    assertThat((double) sessions.throttledNanos(player.record))
        .isCloseTo(10.0 * SECOND, within(0.05 * 10 * SECOND));
    assertThat(classes.throttledNanos(PLACE)).isEqualTo(sessions.throttledNanos(player.record));
    nothingIsLeft();
  }

  @Test
  void shouldCostNothingWhereThereIsNoLimit() {
    classes.set(PLACE, 0, 1000, 0, now);
    Player player = new Player(SharedBy.ALL, 0);
    wakeUps.clear();
    assertThat(player.throttle.take(now)).isEqualTo(Throttle.UNLIMITED);
    player.throttle.read(1 << 20);
    player.throttle.endTurn(false);
    assertThat(sessions.taken(player.record, Way.UP)).isZero();
    nothingIsLeft();
  }
}
