package org.portbouncer.launcher.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class TableTest {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private Console console(boolean colour) {
    PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    return new Console(stream, stream, colour, colour);
  }

  private Console console(int width) {
    PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    return new Console(stream, stream, true, false, width);
  }

  private String printed() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void shouldAlignNamesLeftAndFiguresRight() {
    Table table = new Table(console(false), "NAME", ">COUNT", "NOTE");
    table.row("a", "1", "");
    table.row("longer", "1234567", "x");
    table.print();
    assertThat(printed()).isEqualTo("NAME      COUNT  NOTE\na             1\nlonger  1234567  x\n");
  }

  private String printedAt(int width) {
    bytes.reset();
    Table table =
        new Table(console(width), "NAME", "NOTE", ">MANY", ">FEW").leavingOut("NOTE", "MANY");
    table.row("first-of-those-with-a-long-name-01", "a remark", "1234567", "7");
    table.print();
    return printed();
  }

  @Test
  void shouldLeaveColumnsOutAndShortenNamesInTheMiddleToFitTheWidth() {
    assertThat(printedAt(80))
        .isEqualTo(
            """
            NAME                                NOTE         MANY  FEW
            first-of-those-with-a-long-name-01  a remark  1234567    7
            """);
    assertThat(printedAt(45))
        .isEqualTo(
            """
            NAME                   NOTE         MANY  FEW
            first-of-t~ng-name-01  a remark  1234567    7
            """);
    assertThat(printedAt(40))
        .isEqualTo(
            """
            NAME                           MANY  FEW
            first-of-thos~long-name-01  1234567    7
            """);
    assertThat(printedAt(25)).isEqualTo("NAME                  FEW\nfirst-of-t~g-name-01    7\n");
  }

  @Test
  void shouldShowFiguresWholeOrNotAtAll() {
    for (int width = 30; width < 60; width++) {
      assertThat(printedAt(width).lines().toList().get(1))
          .satisfiesAnyOf(
              line -> assertThat(line).contains(" 1234567 "),
              line -> assertThat(line).doesNotContain("123"));
      int most = width;
      assertThat(printedAt(width).lines()).allMatch(line -> line.length() <= most);
    }
  }

  @Test
  void shouldRefuseToLeaveOutWhatItHasNot() {
    Table table = new Table(console(80), "NAME");
    assertThatThrownBy(() -> table.leavingOut("NOTE")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldColourHeadingsOnlyWhereColourIsWanted() {
    new Table(console(true), "NAME").print();
    assertThat(printed()).isEqualTo("\u001b[1mNAME\u001b[0m\n");
  }

  @Test
  void shouldRefuseARowThatDoesNotFit() {
    Table table = new Table(console(false), "NAME");
    assertThatThrownBy(() -> table.row("a", "b")).isInstanceOf(IllegalArgumentException.class);
  }
}
