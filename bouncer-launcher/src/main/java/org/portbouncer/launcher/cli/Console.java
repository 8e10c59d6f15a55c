package org.portbouncer.launcher.cli;

import java.io.PrintStream;

/**
 * Where a command writes.
 *
 * @param out results
 * @param err errors, warnings and progress
 * @param terminal whether results go to one
 * @param colour whether results may be coloured: only on a terminal, and not where NO_COLOR says no
 */
record Console(PrintStream out, PrintStream err, boolean terminal, boolean colour) {

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
