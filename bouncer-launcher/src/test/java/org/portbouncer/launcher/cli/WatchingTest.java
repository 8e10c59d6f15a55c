package org.portbouncer.launcher.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jline.utils.AttributedString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WatchingTest {

  private static final String LONG =
      "customer: last failed 2026-11-27T10:23:21.123Z: connection refused; times in a row: 2";

  private static List<String> fitting(int width, int height, String... lines) {
    return Watching.fitting(width, height, List.of(lines)).stream()
        .map(AttributedString::toString)
        .toList();
  }

  @Test
  void shouldLetALongLineGoOnInTheNextOne() {
    assertThat(fitting(60, 24, "title", LONG, "end"))
        .containsExactly(
            "title",
            "customer: last failed 2026-11-27T10:23:21.123Z: connection",
            "    refused; times in a row: 2",
            "end");
    assertThat(fitting(30, 24, "x".repeat(70)))
        .containsExactly("x".repeat(30), "    " + "x".repeat(26), "    " + "x".repeat(14));
  }

  @Test
  void shouldSayHowManyLinesHadNoRoom() {
    assertThat(fitting(60, 3, "title", "", LONG, "end"))
        .containsExactly("title", "", "(3 more lines)");
  }

  @Test
  void shouldKeepColours() {
    assertThat(Watching.fitting(10, 5, List.of("\u001b[31m" + "ab ".repeat(6))).getLast().toAnsi())
        .contains("\u001b[31m");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 20, 80, 200})
  void shouldNeverBeLargerThanTheScreen(int size) {
    assertThat(Watching.fitting(size, size, List.of(LONG, LONG, "漢字".repeat(50))))
        .hasSizeLessThanOrEqualTo(size)
        .allMatch(line -> line.columnLength() <= size);
  }
}
