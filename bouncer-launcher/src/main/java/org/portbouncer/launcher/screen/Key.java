package org.portbouncer.launcher.screen;

/**
 * A key that was pressed.
 *
 * @param kind which
 * @param text what it writes, for {@link Kind#TEXT}
 */
public record Key(Kind kind, char text) {

  /** What keys there are. */
  public enum Kind {
    TEXT,
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    HOME,
    END,
    ENTER,
    BACKSPACE,
    ESCAPE,
    /** Ctrl-C or Ctrl-D, or the terminal has gone. */
    QUIT,
    /** None was pressed in time, or one that nobody here wants. */
    NONE
  }

  /** No key. */
  public static final Key NONE = of(Kind.NONE);

  /** A key that writes nothing. */
  public static Key of(Kind kind) {
    return new Key(kind, '\0');
  }

  /** A key that writes this. */
  public static Key text(char text) {
    return new Key(Kind.TEXT, text);
  }
}
