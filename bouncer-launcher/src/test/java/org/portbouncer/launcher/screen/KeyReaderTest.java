package org.portbouncer.launcher.screen;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyReaderTest {

  /** A terminal that sent this, and sends no more for now; "^" is ESC. */
  private static KeyReader after(String sent) {
    String text = sent.replace('^', '\u001b');
    int[] next = {0};
    return new KeyReader(
        millis -> next[0] < text.length() ? text.charAt(next[0]++) : KeyReader.EXPIRED);
  }

  @ParameterizedTest
  @CsvSource({
    "^[A, UP",
    "^OA, UP",
    "^[B, DOWN",
    "^[5~, PAGE_UP",
    "^[6~, PAGE_DOWN",
    "^[H, HOME",
    "^[1~, HOME",
    "^OF, END",
    "^[4~, END",
    "^[1;5A, UP",
    "^, ESCAPE",
    "^[25~, NONE",
    "^x, NONE"
  })
  void shouldReadKeysInTheirForms(String sent, Key.Kind kind) throws IOException {
    KeyReader keys = after(sent);
    assertThat(keys.next(1)).isEqualTo(Key.of(kind));
    assertThat(keys.next(1)).as("nothing is left over").isEqualTo(Key.NONE);
  }

  @Test
  void shouldReadControlCharacters() throws IOException {
    KeyReader keys = after("\u007f\b\u0003\u001a\n");
    assertThat(keys.next(1)).isEqualTo(Key.of(Key.Kind.BACKSPACE));
    assertThat(keys.next(1)).isEqualTo(Key.of(Key.Kind.BACKSPACE));
    assertThat(keys.next(1)).as("Ctrl-C").isEqualTo(Key.of(Key.Kind.QUIT));
    assertThat(keys.next(1)).as("Ctrl-Z").isEqualTo(Key.NONE);
    assertThat(keys.next(1)).isEqualTo(Key.of(Key.Kind.ENTER));
  }

  @Test
  void shouldTellTextFromKeys() throws IOException {
    KeyReader keys = after("q^[Aü\r");
    assertThat(keys.next(1)).isEqualTo(Key.text('q'));
    assertThat(keys.next(1)).isEqualTo(Key.of(Key.Kind.UP));
    assertThat(keys.next(1)).isEqualTo(Key.text('ü'));
    assertThat(keys.next(1)).isEqualTo(Key.of(Key.Kind.ENTER));
    assertThat(keys.next(1)).isEqualTo(Key.NONE);
  }

  @Test
  void shouldQuitWhenTheTerminalHasGone() throws IOException {
    assertThat(new KeyReader(millis -> -1).next(1)).isEqualTo(Key.of(Key.Kind.QUIT));
  }
}
