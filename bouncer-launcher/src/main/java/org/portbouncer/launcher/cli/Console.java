package org.portbouncer.launcher.cli;

import java.io.PrintStream;

/**
 * Where a command writes.
 *
 * @param out results
 * @param err errors, warnings and progress
 * @param terminal whether results go to one
 * @param colour whether results may be coloured: only on a terminal, and not where NO_COLOR says no
 * @param width columns of the screen that tables are to fit, {@link #UNBOUND} where they need not
 */
record Console(PrintStream out, PrintStream err, boolean terminal, boolean colour, int width) {

  /** A width for results that are scrolled, or read by another program. */
  static final int UNBOUND = 1 << 20;

  /** One whose results may be of any width. */
  Console(PrintStream out, PrintStream err, boolean terminal, boolean colour) {
    this(out, err, terminal, colour, UNBOUND);
  }

  /** Dimmed, for headings. */
  String heading(String text) {
    return paint("1", text);
  }

  /** Coloured by what it means to an operator. */
  String state(String state) {
    return switch (state) {
      case "ready", "yes" -> paint("32", state);
      case "starting", "stopping", "degraded", "draining" -> paint("33", state);
      case "throttled", "down", "no" -> paint("31", state);
      default -> state;
    };
  }

  private String paint(String code, String text) {
    return colour ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }
}
