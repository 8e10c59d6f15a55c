package org.portbouncer.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.support.Seed;

class TimersTest {

  private final Timers timers = new Timers();
  private final List<Integer> expired = new ArrayList<>();

  private final class Numbered extends Timer {
    private final int number;
    private long again = -1;

    Numbered(int number) {
      this.number = number;
    }

    @Override
    protected void expired(long now) {
      assertThat(isSet()).isFalse();
      expired.add(number);
      if (again >= 0) {
        timers.set(this, now + again);
        again = -1;
      }
    }
  }

  @Test
  void shouldExpireInOrderWhenSetInAnyOrder() {
    for (int due : new int[] {50, 10, 40, 20, 30}) {
      timers.set(new Numbered(due), due);
    }
    assertThat(timers.untilNext(4)).isEqualTo(6);
    timers.expire(9);
    assertThat(expired).isEmpty();
    timers.expire(30);
    assertThat(expired).containsExactly(10, 20, 30);
    assertThat(timers.untilNext(100)).isZero();
    timers.expire(100);
    assertThat(expired).containsExactly(10, 20, 30, 40, 50);
    assertThat(timers.untilNext(100)).isEqualTo(-1);
  }

  @Test
  void shouldExpireOnceWhenMoved() {
    Numbered timer = new Numbered(1);
    timers.set(timer, 10);
    timers.set(timer, 30);
    assertThat(timers.size()).isEqualTo(1);
    assertThat(timer.due()).isEqualTo(30);
    timers.expire(29);
    assertThat(expired).isEmpty();
    timers.set(timer, 5);
    timers.expire(29);
    timers.expire(100);
    assertThat(expired).containsExactly(1);
  }

  @Test
  void shouldNotExpireWhenCleared() {
    Numbered timer = new Numbered(1);
    timers.clear(timer);
    timers.set(timer, 10);
    timers.clear(timer);
    assertThat(timer.isSet()).isFalse();
    timers.clear(timer);
    timers.expire(100);
    assertThat(expired).isEmpty();
    assertThat(timers.size()).isZero();
  }

  @Test
  void shouldExpireAgainWhenSetAgainFromWithin() {
    Numbered later = new Numbered(1);
    later.again = 10;
    timers.set(later, 10);
    timers.expire(10);
    assertThat(expired).containsExactly(1);
    assertThat(later.isSet()).isTrue();
    timers.expire(19);
    assertThat(expired).containsExactly(1);
    timers.expire(20);
    assertThat(expired).containsExactly(1, 1);
  }

  @Test
  void shouldNotExpireWhenAnotherTimerClearsIt() {
    Numbered victim = new Numbered(2);
    timers.set(
        new Timer() {
          @Override
          protected void expired(long now) {
            timers.clear(victim);
          }
        },
        1);
    timers.set(victim, 2);
    timers.expire(10);
    assertThat(expired).isEmpty();
  }

  @Test
  void shouldKeepOrderWhenTheClockOverflows() {
    long now = Long.MAX_VALUE - 5;
    timers.set(new Numbered(2), now + 10);
    timers.set(new Numbered(1), now + 2);
    assertThat(timers.untilNext(now)).isEqualTo(2);
    timers.expire(now + 3);
    assertThat(expired).containsExactly(1);
    timers.expire(now + 10);
    assertThat(expired).containsExactly(1, 2);
  }

  private record Due(long due, Numbered timer) {}

  @Test
  void shouldAgreeWithAReferenceWhenSetMovedAndClearedAtRandom() {
    Random random = Seed.random(TimersTest.class);
    Numbered[] all = new Numbered[300];
    Due[] set = new Due[all.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = new Numbered(i);
    }
    TreeSet<Due> reference =
        new TreeSet<>(Comparator.comparingLong(Due::due).thenComparingInt(d -> d.timer().number));
    long now = 0;
    for (int round = 0; round < 100_000; round++) {
      int i = random.nextInt(all.length);
      switch (random.nextInt(5)) {
        case 0, 1, 2 -> {
          if (set[i] != null) {
            reference.remove(set[i]);
          }
          set[i] = new Due(now + random.nextInt(10_000), all[i]);
          reference.add(set[i]);
          timers.set(all[i], set[i].due());
        }
        case 3 -> {
          if (set[i] != null) {
            reference.remove(set[i]);
            set[i] = null;
          }
          timers.clear(all[i]);
        }
        default -> {
          now += random.nextInt(100);
          timers.expire(now);
          // Those of one instant may come in any order.
          List<Integer> wanted = new ArrayList<>();
          List<Long> wantedDues = new ArrayList<>();
          while (!reference.isEmpty() && reference.first().due() <= now) {
            Due first = reference.pollFirst();
            wanted.add(first.timer().number);
            wantedDues.add(first.due());
            set[first.timer().number] = null;
          }
          assertThat(expired).containsExactlyInAnyOrderElementsOf(wanted);
          assertThat(expired.stream().map(number -> all[number].due()).toList())
              .isEqualTo(wantedDues);
          expired.clear();
        }
      }
      assertThat(timers.size()).isEqualTo(reference.size());
      assertThat(timers.untilNext(now))
          .isEqualTo(reference.isEmpty() ? -1 : Math.max(0, reference.first().due() - now));
    }
  }
}
