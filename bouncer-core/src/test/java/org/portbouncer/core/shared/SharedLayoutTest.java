package org.portbouncer.core.shared;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
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

  /** The number of a layout that has a row of such constants. */
  private static long of(Enum<?>[] constants) {
    Layout layout = new Layout("a test's");
    int _ = layout.u64s("row", constants);
    return layout.id();
  }

  @Test
  void shouldTellArrangementsApartWhenAPlaceIsAddedOrMoved() {
    long before = of(Before.values());
    assertThat(of(Before.values())).isEqualTo(before);
    assertThat(of(Longer.values())).isNotEqualTo(before);
    assertThat(of(Turned.values())).isNotEqualTo(before);
  }

  @Test
  void shouldTellArrangementsApartWhenFieldsChangePlacesOrSize() {
    Layout one = new Layout("a test's");
    assertThat(one.u32("first")).isEqualTo(0);
    assertThat(one.u32("second")).isEqualTo(4);
    Layout turned = new Layout("a test's");
    assertThat(turned.u32("second")).isEqualTo(0);
    assertThat(turned.u32("first")).isEqualTo(4);
    Layout larger = new Layout("a test's");
    assertThat(larger.u32("first")).isEqualTo(0);
    assertThat(larger.bytes("second", 8)).isEqualTo(4);
    assertThat(Set.of(one.id(), turned.id(), larger.id())).hasSize(3);
  }

  @Test
  void shouldFailWhenFieldsDoNotFitOrAreNotAligned() {
    Layout layout = new Layout("a test's");
    assertThat(layout.u32s("some", 3)).isZero();
    assertThatThrownBy(() -> layout.u64("odd"))
        .isInstanceOf(AssertionError.class)
        .hasMessage("a test's: odd is not aligned, at 12");
    layout.align(8);
    assertThat(layout.u64("even")).isEqualTo(16);
    assertThatThrownBy(() -> layout.within(16))
        .isInstanceOf(AssertionError.class)
        .hasMessage("a test's: 24 bytes do not fit into 16");
    assertThat(layout.within(24)).isEqualTo(24);
    assertThatThrownBy(layout::cacheLine).isInstanceOf(AssertionError.class);
  }

  /**
   * Whoever adds a class that lays shared memory out adds it to the number as well: every class of
   * the package that has layouts has them all in it.
   */
  @Test
  void shouldBeMadeOfEveryLayoutOfThePackage() throws Exception {
    List<Layout> known = SharedLayout.layouts();
    int found = 0;
    for (Path file : sources()) {
      String name = file.getFileName().toString().replace(".java", "");
      Class<?> type = Class.forName("org.portbouncer.core.shared." + name);
      for (Field field : type.getDeclaredFields()) {
        if (field.getType() == Layout.class && Modifier.isStatic(field.getModifiers())) {
          field.setAccessible(true);
          assertThat(known).as("%s.%s", name, field.getName()).contains((Layout) field.get(null));
          found++;
        }
      }
    }
    assertThat(found).isEqualTo(known.size()).isGreaterThan(20);
  }

  private static List<Path> sources() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("src/main/java/org/portbouncer/core/shared"))) {
      return all.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    }
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
