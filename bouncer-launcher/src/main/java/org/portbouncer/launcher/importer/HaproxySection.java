package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.List;

/** A section of haproxy.cfg, with the defaults that hold for it. */
final class HaproxySection {

  /** One line in it: its first word, and the others. */
  record Line(Origin origin, List<String> words) {

    String word(int number) {
      return number < words.size() ? words.get(number) : "";
    }

    /** What stands behind a word; "" where it is not there. */
    String after(String option) {
      int at = words.indexOf(option);
      return at < 0 ? "" : word(at + 1);
    }

    boolean has(String option) {
      return words.contains(option);
    }
  }

  final Origin origin;

  /** global, defaults, listen, frontend, backend or what else there is. */
  final String kind;

  final String name;

  /** null where there are none. */
  final HaproxySection defaults;

  final List<Line> lines = new ArrayList<>();

  HaproxySection(Origin origin, String kind, String name, HaproxySection defaults) {
    this.origin = origin;
    this.kind = kind;
    this.name = name;
    this.defaults = defaults;
  }

  /** Lines that begin with these words, its own alone. */
  List<Line> own(String... words) {
    return lines.stream().filter(line -> begins(line, words)).toList();
  }

  /** The last line that begins so, or else that of the defaults; null where there is none. */
  Line last(String... words) {
    List<Line> own = own(words);
    if (!own.isEmpty()) {
      return own.getLast();
    }
    return defaults == null ? null : defaults.last(words);
  }

  /** Those of the defaults, then its own. */
  List<Line> all(String... words) {
    List<Line> all = new ArrayList<>();
    if (defaults != null) {
      all.addAll(defaults.all(words));
    }
    all.addAll(own(words));
    return all;
  }

  /** Whether an option is on: "no option" takes it back. */
  boolean option(String name) {
    Line on = last("option", name);
    Line off = last("no", "option", name);
    boolean ownOn = !own("option", name).isEmpty();
    return on != null && (off == null || ownOn && own("no", "option", name).isEmpty());
  }

  boolean isTcp() {
    Line mode = last("mode");
    return mode == null || mode.word(1).equals("tcp");
  }

  private static boolean begins(Line line, String... words) {
    return line.words().size() >= words.length
        && line.words().subList(0, words.length).equals(List.of(words));
  }
}
