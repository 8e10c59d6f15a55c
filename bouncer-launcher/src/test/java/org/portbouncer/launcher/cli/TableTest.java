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
