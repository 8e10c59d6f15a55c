package org.portbouncer.launcher.mother.books;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class NamedPlacesTest {

  private static final int OTHER = 99;

  private final List<Integer> cleared = new ArrayList<>();
  private final NamedPlaces<String> places = new NamedPlaces<>(1, 4, OTHER, cleared::add);

  @Test
  void shouldKeepPlacesByNameWhenTheOrderChanges() {
    assertThat(places.assign(List.of("a", "b"), 1, 1)).containsExactly(1, 2);
    assertThat(places.assign(List.of("b", "c", "a"), 2, 1)).containsExactly(2, 3, 1);
  }

  @Test
  void shouldKeepThePlaceOfANameThatGoesAndComesBack() {
    places.assign(List.of("a", "b"), 1, 1);
    places.assign(List.of("b"), 2, 2);
    assertThat(places.assign(List.of("c", "a"), 3, 3)).containsExactly(3, 1);
    assertThat(cleared).isEmpty();
  }

  @Test
  void shouldReuseTheLongestUnusedPlaceOnlyWhenNoneIsLeft() {
    places.assign(List.of("a"), 1, 1);
    places.assign(List.of("b"), 2, 2);
    places.assign(List.of("c"), 3, 3);
    assertThat(places.assign(List.of("d"), 4, 4)).containsExactly(1);
    assertThat(cleared).containsExactly(1);
    assertThat(places.snapshot()).containsOnlyKeys("b", "c", "d");
  }

  @Test
  void shouldLeaveThePlaceAloneThatAnOldSessionRefersTo() {
    places.assign(List.of("a", "b"), 1, 1);
    places.assign(List.of("b", "c"), 2, 1);
    assertThat(places.assign(List.of("b", "c", "d"), 3, 1)).containsExactly(2, 3, OTHER);
    assertThat(cleared).isEmpty();
    assertThat(places.assign(List.of("b", "c", "d"), 4, 2)).containsExactly(2, 3, 1);
  }

  @Test
  void shouldNotTakeAPlaceFromANameOfTheSameConfiguration() {
    places.assign(List.of("a", "b", "c"), 1, 1);
    assertThat(places.assign(List.of("x", "y", "z", "c"), 2, 2))
        .containsExactlyInAnyOrder(1, 2, OTHER, 3)
        .endsWith(3);
    assertThat(cleared).containsExactlyInAnyOrder(1, 2);
  }
}
