package org.portbouncer.launcher.mother.books;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.control.ControlException;
import org.portbouncer.core.shared.ListenerCounters;

class BooksTest {
  private static final Books BOOKS =
      new Books(
          Map.of("web", 3, "ssh", 0),
          Map.of(new CounterPlaces.RuleName("office", "staff"), 7),
          Map.of(new CounterPlaces.MemberName("app", "a", "192.0.2.1:80"), 1),
          Map.of("slow", 5),
          List.of(List.of(0), List.of(1), List.of(2), List.of(3), List.of(4, 5)),
          List.of(0L, 1L, 2L, 3L, 1L << 40),
          new ClusterSeat("redis://10.0.0.5:6379", "edge", "a:1:0f"));

  @Test
  void shouldReadWhatWasWritten() throws ControlException {
    assertThat(Books.decode(BOOKS.encode())).isEqualTo(BOOKS);
  }

  @Test
  void shouldRefuseAPlaceThatIsNotThere() {
    Books wrong =
        new Books(
            Map.of("web", ListenerCounters.SLOTS),
            BOOKS.rules(),
            BOOKS.members(),
            BOOKS.classes(),
            BOOKS.workers(),
            BOOKS.restarts(),
            BOOKS.cluster());
    assertThatThrownBy(() -> Books.decode(wrong.encode())).hasMessage("a place that is not there");
  }

  @Test
  void shouldRefuseWhatIsTooShortTooLongOrGarbage() throws ControlException {
    byte[] good = BOOKS.encode();
    assertThatThrownBy(() -> Books.decode(Arrays.copyOf(good, good.length + 1)))
        .isInstanceOf(ControlException.class);
    for (int length = 0; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatThrownBy(() -> Books.decode(cut)).isInstanceOf(ControlException.class);
    }
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    for (int i = 0; i < 5000; i++) {
      byte[] garbage = good.clone();
      for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
        garbage[random.nextInt(garbage.length)] = (byte) random.nextInt();
      }
      try {
        Books.decode(garbage);
      } catch (ControlException refused) {
        assertThat(refused.getMessage()).as("-Dseed=%d", seed).isNotEmpty();
      }
    }
  }
}
