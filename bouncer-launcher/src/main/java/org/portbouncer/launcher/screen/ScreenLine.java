package org.portbouncer.launcher.screen;

import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;

/** One line of the screen while it is being written, never longer than the screen is wide. */
public final class ScreenLine {

  private final int width;
  private final boolean colour;
  private final AttributedStringBuilder text = new AttributedStringBuilder();

  /**
   * @param width columns of the screen
   * @param colour whether there is colour
   */
  public ScreenLine(int width, boolean colour) {
    this.width = width;
    this.colour = colour;
  }

  /** Adds a piece. */
  public ScreenLine add(Style style, String piece) {
    text.append(piece, style.in(colour));
    return this;
  }

  /** Adds a piece that looks like any text. */
  public ScreenLine add(String piece) {
    return add(Style.PLAIN, piece);
  }

  /** Adds blanks up to a column. */
  public ScreenLine to(int column) {
    return add(" ".repeat(Math.max(0, column - text.columnLength())));
  }

  /** The whole line in one style, to the right edge: a bar. */
  public AttributedString bar(Style style) {
    to(width);
    return cut(new AttributedString(text.toString(), style.in(colour)));
  }

  /** The line. */
  public AttributedString done() {
    return cut(text.toAttributedString());
  }

  private AttributedString cut(AttributedString whole) {
    return whole.columnLength() <= width ? whole : whole.columnSubSequence(0, width);
  }
}
