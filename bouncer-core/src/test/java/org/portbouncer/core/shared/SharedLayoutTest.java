package org.portbouncer.core.shared;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.portbouncer.core.config.BandwidthClass.SharedBy;
import org.portbouncer.core.config.Configuration.StateTransfer;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Coded;
import org.portbouncer.core.sys.Native;

/** What two processes must agree on before they share memory. */
class SharedLayoutTest {

  /** Two programs' constants of one kind. */
  private enum Before implements Coded {
    ONE,
    TWO;

    @Override
    public int code() {
      return ordinal();
    }
  }

  private enum Longer implements Coded {
    ONE,
    TWO,
    THREE;

    @Override
    public int code() {
      return ordinal();
    }
  }

  private enum Turned implements Coded {
    TWO,
    ONE;

    @Override
    public int code() {
      return 1 - ordinal();
    }
  }

  private enum Recoded implements Coded {
    ONE,
    TWO;

    @Override
    public int code() {
      return 7 + ordinal();
    }
  }

  static Stream<List<? extends Coded>> codes() {
    return Stream.of(
        List.of(StageId.values()),
        List.of(Result.values()),
        List.of(Term.values()),
        List.of(SessionTable.Phase.values()),
        List.of(SessionFlow.Place.values()),
        List.of(TargetBoard.Mode.values()),
        List.of(StateTransfer.Mode.values()),
        List.of(SharedBy.values()));
  }

  @ParameterizedTest
  @MethodSource("codes")
  void shouldHaveACodeOfItsOwnThatFitsAByteWhenOthersSeeAConstant(List<Coded> constants) {
    Set<Integer> seen = new HashSet<>();
    for (Coded each : constants) {
      assertThat(each.code()).as("%s", each).isBetween(0, 255);
      assertThat(seen.add(each.code())).as("%s", each).isTrue();
    }
  }

  @Test
  void shouldTellArrangementsApartWhenAPlaceIsAddedOrMoved() {
    long before = SharedLayout.places(1, Before.values());
    assertThat(SharedLayout.places(1, Before.values())).isEqualTo(before);
    assertThat(SharedLayout.places(1, Longer.values())).isNotEqualTo(before);
    assertThat(SharedLayout.places(1, Turned.values())).isNotEqualTo(before);
    assertThat(SharedLayout.places(2, Before.values())).isNotEqualTo(before);
  }

  @Test
  void shouldTellArrangementsApartWhenACodeChanges() {
    long before = SharedLayout.codes(1, Before.values());
    assertThat(SharedLayout.codes(1, Before.values())).isEqualTo(before);
    assertThat(SharedLayout.codes(1, Longer.values())).isNotEqualTo(before);
    assertThat(SharedLayout.codes(1, Recoded.values())).isNotEqualTo(before);
  }

  @Test
  void shouldRefuseTheAreaWhenItsLayoutIsAnothers() {
    SharedArea area = SharedArea.create(64);
    MemorySegment header = Native.map(area.fd(), 4096);
    assertThat(header.get(JAVA_INT, 8)).isEqualTo(SharedArea.layout());
    header.set(JAVA_INT, 8, SharedArea.layout() + 1);
    assertThatThrownBy(() -> SharedArea.open(area.fd()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("another version");
    Descriptor.close(area.fd());
  }

  @Test
  void shouldRefuseTheSlotsWhenTheirLayoutIsAnothers() {
    StateSlots slots = StateSlots.create(64, 120);
    MemorySegment header = Native.map(slots.fd(), 4096);
    header.set(JAVA_INT, 16, SharedArea.layout() + 1);
    assertThatThrownBy(() -> StateSlots.open(slots.fd()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("another version");
    Descriptor.close(slots.fd());
  }
}
