package org.portbouncer.system;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a person would see of what a program has written to a terminal: as much of ECMA-48, and of
 * xterm's other screen, as full-screen programs use.
 */
final class TerminalScreen {
  private int width;
  private int height;
  private char[][] cells;
  private char[][] shells;
  private int row;
  private int column;
  private boolean wrapNext;
  private boolean cursorShown = true;
  private StringBuilder sequence;

  TerminalScreen(int width, int height) {
    resize(width, height);
  }

  synchronized void resize(int columns, int rows) {
    width = columns;
    height = rows;
    cells = blank();
    row = 0;
    column = 0;
  }

  private char[][] blank() {
    char[][] all = new char[height][width];
    for (char[] line : all) {
      Arrays.fill(line, ' ');
    }
    return all;
  }

  /** The lines, without blanks at their ends. */
  synchronized List<String> lines() {
    return Stream.of(cells).map(line -> new String(line).stripTrailing()).toList();
  }

  /** Whether a program has taken the screen, and not given the shell's back. */
  synchronized boolean taken() {
    return shells != null;
  }

  synchronized boolean cursorShown() {
    return cursorShown;
  }

  synchronized void write(char c) {
    if (sequence != null) {
      sequence.append(c);
      if (ended()) {
        String whole = sequence.toString();
        sequence = null;
        obey(whole);
      }
      return;
    }
    switch (c) {
      case 0x1b -> sequence = new StringBuilder();
      case '\r' -> moveTo(row, 0);
      case '\n' -> down();
      case '\b' -> moveTo(row, column - 1);
      case 0x07 -> {}
      default -> {
        if (c >= ' ') {
          put(c);
        }
      }
    }
  }

  /**
   * CSI ends with a letter or its like; charset choices have one more character; else one is all.
   */
  private boolean ended() {
    char kind = sequence.charAt(0);
    char last = sequence.charAt(sequence.length() - 1);
    return switch (kind) {
      case '[' -> sequence.length() > 1 && last >= '@' && last <= '~';
      case '(', ')' -> sequence.length() == 2;
      default -> true;
    };
  }

  private void put(char c) {
    if (wrapNext) {
      moveTo(row, 0);
      down();
    }
    cells[row][column] = c;
    if (column == width - 1) {
      wrapNext = true;
    } else {
      column++;
    }
  }

  private void down() {
    if (row == height - 1) {
      deleteLines(0, 1);
    } else {
      row++;
    }
  }

  private void moveTo(int toRow, int toColumn) {
    row = Math.clamp(toRow, 0, height - 1);
    column = Math.clamp(toColumn, 0, width - 1);
    wrapNext = false;
  }

  private void obey(String sequenceText) {
    if (!sequenceText.startsWith("[")) {
      return;
    }
    char command = sequenceText.charAt(sequenceText.length() - 1);
    String parameters = sequenceText.substring(1, sequenceText.length() - 1);
    if (parameters.startsWith("?")) {
      mode(parameters.substring(1), command == 'h');
      return;
    }
    String[] numbers = parameters.split(";", -1);
    int first = number(numbers, 0);
    int count = Math.max(1, first);
    switch (command) {
      case 'H', 'f' -> moveTo(count - 1, Math.max(1, number(numbers, 1)) - 1);
      case 'A' -> moveTo(row - count, column);
      case 'B' -> moveTo(row + count, column);
      case 'C' -> moveTo(row, column + count);
      case 'D' -> moveTo(row, column - count);
      case 'G' -> moveTo(row, count - 1);
      case 'd' -> moveTo(count - 1, column);
      case 'J' -> erase(first);
      case 'K' -> eraseInLine(first);
      case 'L' -> insertLines(row, count);
      case 'M' -> deleteLines(row, count);
      case 'P' -> shiftLeft(count);
      case '@' -> shiftRight(count);
      case 'X' -> Arrays.fill(cells[row], column, Math.min(width, column + count), ' ');
      case 'm', 'r', 'h', 'l', 't', 'n', 'c' -> {} // looks, and what is not asked for
      default -> throw new IllegalStateException("unknown sequence: ESC " + sequenceText);
    }
  }

  private static int number(String[] numbers, int index) {
    return index < numbers.length && numbers[index].matches("\\d+")
        ? Integer.parseInt(numbers[index])
        : 0;
  }

  private void mode(String modes, boolean on) {
    for (String mode : modes.split(";", -1)) {
      if (mode.equals("25")) {
        cursorShown = on;
      } else if (mode.equals("1049") && on && shells == null) {
        shells = cells;
        cells = blank();
      } else if (mode.equals("1049") && !on && shells != null) {
        cells = shells.length == height && shells[0].length == width ? shells : blank();
        shells = null;
      }
    }
  }

  private void erase(int what) {
    if (what == 0) {
      eraseInLine(0);
      for (int i = row + 1; i < height; i++) {
        Arrays.fill(cells[i], ' ');
      }
    } else {
      cells = blank();
    }
  }

  private void eraseInLine(int what) {
    int from = what == 0 ? column : 0;
    int to = what == 1 ? column + 1 : width;
    Arrays.fill(cells[row], from, to, ' ');
  }

  private void insertLines(int at, int count) {
    for (int i = height - 1; i >= at; i--) {
      cells[i] = i - count >= at ? cells[i - count] : blank()[0];
    }
  }

  private void deleteLines(int at, int count) {
    for (int i = at; i < height; i++) {
      cells[i] = i + count < height ? cells[i + count] : blank()[0];
    }
  }

  private void shiftLeft(int count) {
    char[] line = cells[row];
    for (int i = column; i < width; i++) {
      line[i] = i + count < width ? line[i + count] : ' ';
    }
  }

  private void shiftRight(int count) {
    char[] line = cells[row];
    for (int i = width - 1; i >= column; i--) {
      line[i] = i - count >= column ? line[i - count] : ' ';
    }
  }
}
