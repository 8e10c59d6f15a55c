package org.portbouncer.launcher.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jline.utils.AttributedString;
import org.portbouncer.core.sys.SystemZone;
import org.portbouncer.launcher.screen.FullScreen;
import org.portbouncer.launcher.screen.Key;
import picocli.CommandLine.Option;

/**
 * {@code --watch}: a command that shows something shows it again and again, on the whole terminal
 * as watch(1) does, elsewhere one after the other.
 */
final class Watching {

  private static final long NANOS_PER_MS = 1_000_000;

  private static final AttributedString INDENT = new AttributedString("    ");

  @Option(
      names = "--watch",
      arity = "0..1",
      fallbackValue = "2",
      paramLabel = "SECONDS",
      converter = SecondsText.class,
      description = "Show it anew every SECONDS (2); q or Ctrl-C ends it.")
  private Duration interval;

  /** Shows what there is now. */
  @FunctionalInterface
  interface Look {
    void print(Console console) throws CommandException;
  }

  /**
   * Looks once, or for as long as somebody wants to see it.
   *
   * @param name of the command
   * @param json whether each look is a line for a program
   */
  int run(Console console, String name, boolean json, Look look)
      throws CommandException, IOException {
    if (interval == null) {
      look.print(console);
    } else if (json || !console.terminal()) {
      append(console, json, look);
    } else {
      redraw(console, name, look);
    }
    return ExitCode.DONE;
  }

  /** Until nobody reads any more, or the server has gone. */
  private void append(Console console, boolean json, Look look) throws CommandException {
    look.print(console);
    while (!console.out().checkError() && pause()) {
      if (!json) {
        console.out().println();
      }
      look.print(console);
    }
  }

  private boolean pause() {
    try {
      Thread.sleep(interval);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void redraw(Console console, String name, Look look)
      throws CommandException, IOException {
    try (FullScreen screen = FullScreen.open()) {
      screen.resized(); // or it has no width yet
      List<String> lines = lines(console, look, screen.width());
      String trouble = "";
      boolean more = true;
      while (more) {
        more = showUntilNext(screen, name, trouble, lines);
        try {
          lines = more ? lines(console, look, screen.width()) : lines;
          trouble = "";
        } catch (CommandException e) { // it may come back: what was seen last stays
          trouble = "no answer, trying again: " + e.getMessage();
        }
      }
    } catch (FullScreen.NoTerminalException e) {
      append(console, false, look);
    }
  }

  private static List<String> lines(Console console, Look look, int width) throws CommandException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, false, StandardCharsets.UTF_8);
    look.print(new Console(out, console.err(), true, console.colour(), width));
    out.flush();
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  /** Returns whether there is to be a next time: soon, or at once in a window of another size. */
  private boolean showUntilNext(FullScreen screen, String name, String trouble, List<String> lines)
      throws IOException {
    String time =
        LocalTime.now(SystemZone.current().id()).truncatedTo(ChronoUnit.SECONDS).toString();
    String title = trouble.isEmpty() ? "every " + seconds() + " s: bouncer " + name : trouble;
    long end = System.nanoTime() + interval.toNanos();
    List<String> all = new ArrayList<>(List.of(title + "   " + time, ""));
    all.addAll(lines);
    screen.show(fitting(screen.width(), screen.height(), all));
    while (true) {
      long left = (end - System.nanoTime()) / NANOS_PER_MS;
      if (left <= 0 || screen.resized()) {
        return true;
      }
      Key key = screen.key(Math.min(left, 100));
      if (key.kind() == Key.Kind.QUIT || key.equals(Key.text('q'))) {
        return false;
      }
    }
  }

  private String seconds() {
    return Double.toString(interval.toMillis() / 1000.0).replaceFirst("\\.0$", "");
  }

  /**
   * A line that is too long goes on in the next one. What has no room below is left out, and the
   * last line says so.
   */
  static List<AttributedString> fitting(int width, int height, List<String> lines) {
    List<AttributedString> all = new ArrayList<>();
    lines.forEach(line -> wrap(AttributedString.fromAnsi(line), width, all));
    if (all.size() > height) {
      int left = all.size() - height + 1;
      all.subList(height - 1, all.size()).clear();
      all.add(new AttributedString("(" + left + " more lines)"));
    }
    return all.stream().map(line -> line.columnSubSequence(0, width)).toList();
  }

  /** Between words, where there are any; what goes on is set in. */
  private static void wrap(AttributedString line, int width, List<AttributedString> into) {
    AttributedString rest = line;
    int room = width;
    while (rest.columnLength() > room && room > INDENT.length()) {
      int blank = rest.toString().lastIndexOf(' ', room);
      int end = blank > room / 2 ? blank : room;
      into.add(indented(rest.subSequence(0, end), room < width));
      rest = rest.subSequence(blank == end ? end + 1 : end, rest.length());
      room = width - INDENT.length();
    }
    into.add(indented(rest, room < width));
  }

  private static AttributedString indented(AttributedString line, boolean further) {
    return further ? AttributedString.join(AttributedString.EMPTY, INDENT, line) : line;
  }
}
