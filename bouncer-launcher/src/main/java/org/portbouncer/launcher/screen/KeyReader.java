package org.portbouncer.launcher.screen;

import java.io.IOException;

/**
 * Makes keys of what a terminal sends. Arrows and their like come as sequences that begin with ESC,
 * in two forms (ECMA-48's CSI, and SS3 of a terminal in application mode).
 */
final class KeyReader {

  /** What {@link Chars#read} answers when the time is over; an end is any other negative. */
  static final int EXPIRED = -2;

  /** The rest of a sequence comes at once; a person who presses Escape is not that quick. */
  private static final long SEQUENCE_MS = 50;

  private static final char ESC = 0x1b;
  private static final char CTRL_C = 3;
  private static final char CTRL_D = 4;
  private static final char CTRL_H = 8;
  private static final char DELETE = 0x7f;

  private final Chars chars;

  /** Where characters come from. */
  @FunctionalInterface
  interface Chars {
    /** The next one, {@link #EXPIRED} where none comes in time, or -1 at the end. */
    int read(long millis) throws IOException;
  }

  KeyReader(Chars chars) {
    this.chars = chars;
  }

  Key next(long millis) throws IOException {
    int first = chars.read(millis);
    if (first == EXPIRED) {
      return Key.NONE;
    }
    if (first < 0) {
      return Key.of(Key.Kind.QUIT);
    }
    return switch ((char) first) {
      case ESC -> sequence();
      case CTRL_C, CTRL_D -> Key.of(Key.Kind.QUIT);
      case '\r', '\n' -> Key.of(Key.Kind.ENTER);
      case CTRL_H, DELETE -> Key.of(Key.Kind.BACKSPACE);
      default -> first < ' ' ? Key.NONE : Key.text((char) first);
    };
  }

  private Key sequence() throws IOException {
    int form = chars.read(SEQUENCE_MS);
    if (form < 0) {
      return Key.of(Key.Kind.ESCAPE);
    }
    if (form != '[' && form != 'O') {
      return Key.NONE; // Alt and a key
    }
    int parameter = 0;
    int next = chars.read(SEQUENCE_MS);
    while (next >= '0' && next <= '?') { // parameters; the first is all that is of interest
      parameter = parameter == 0 && next <= '9' ? next - '0' : parameter;
      next = chars.read(SEQUENCE_MS);
    }
    return Key.of(
        switch (next) {
          case 'A' -> Key.Kind.UP;
          case 'B' -> Key.Kind.DOWN;
          case 'H' -> Key.Kind.HOME;
          case 'F' -> Key.Kind.END;
          case '~' ->
              switch (parameter) {
                case 1, 7 -> Key.Kind.HOME;
                case 4, 8 -> Key.Kind.END;
                case 5 -> Key.Kind.PAGE_UP;
                case 6 -> Key.Kind.PAGE_DOWN;
                default -> Key.Kind.NONE;
              };
          default -> Key.Kind.NONE;
        });
  }
}
