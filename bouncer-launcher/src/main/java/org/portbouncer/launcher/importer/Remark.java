package org.portbouncer.launcher.importer;

import org.portbouncer.core.sys.Printable;

/**
 * What an operator should know about one line.
 *
 * @param origin the line
 * @param left whether something of it could not be carried over; else it is there, and only
 *     surprises
 * @param text in words: what, and what it means
 */
public record Remark(Origin origin, boolean left, String text) {

  /** {@code FILE:LINE: text}, or {@code FILE:LINE: note: text}. */
  @Override
  public String toString() {
    return Printable.of(origin.place() + (left ? ": " : ": note: ") + text);
  }
}
