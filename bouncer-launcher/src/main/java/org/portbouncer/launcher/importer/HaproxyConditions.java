package org.portbouncer.launcher.importer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What HAProxy's conditions say of a client's address. Most of them are about other things, of
 * which nothing is known here: a condition is a pair of sets, of those for whom it surely holds,
 * and of those for whom it might.
 */
final class HaproxyConditions {

  /** Those for whom it holds, at least and at most. */
  record Bounds(AddressSet surely, AddressSet perhaps) {

    static final Bounds UNKNOWN = new Bounds(AddressSet.NONE, AddressSet.EVERYONE);
    static final Bounds ALWAYS = new Bounds(AddressSet.EVERYONE, AddressSet.EVERYONE);

    Bounds and(Bounds other) {
      return new Bounds(surely.intersection(other.surely), perhaps.intersection(other.perhaps));
    }

    Bounds or(Bounds other) {
      return new Bounds(surely.union(other.surely), perhaps.union(other.perhaps));
    }

    Bounds not() {
      return new Bounds(perhaps.complement(), surely.complement());
    }

    boolean isExact() {
      return perhaps.minus(surely).isEmpty();
    }
  }

  private static final Set<String> FLAGS = Set.of("-i", "-n", "-u", "-M");

  private final Map<String, List<List<String>>> acls = new HashMap<>();
  private final Path folder;

  /**
   * Knows the named ones of a section.
   *
   * @param folder where relative paths of lists start
   */
  HaproxyConditions(HaproxySection section, Path folder) {
    this.folder = folder;
    for (HaproxySection.Line line : section.all("acl")) {
      if (line.words().size() > 2) {
        acls.computeIfAbsent(line.word(1), name -> new ArrayList<>())
            .add(line.words().subList(2, line.words().size()));
      }
    }
  }

  /** Of the words from "if" or "unless" on; none at all hold always. */
  Bounds of(List<String> words) {
    if (words.isEmpty()) {
      return Bounds.ALWAYS;
    }
    Bounds any = new Bounds(AddressSet.NONE, AddressSet.NONE);
    Bounds term = Bounds.ALWAYS;
    int at = 1;
    while (at < words.size()) {
      String word = words.get(at);
      if (word.equals("or") || word.equals("||")) {
        any = any.or(term);
        term = Bounds.ALWAYS;
        at++;
        continue;
      }
      boolean not = word.startsWith("!");
      String name = not ? word.substring(1) : word;
      if (name.isEmpty() && at + 1 < words.size()) {
        name = words.get(++at);
      }
      Bounds one;
      if (name.equals("{")) {
        int end = words.subList(at, words.size()).indexOf("}");
        end = end < 0 ? words.size() : at + end;
        one = fetch(words.subList(at + 1, end));
        at = end;
      } else {
        one = named(name);
      }
      term = term.and(not ? one.not() : one);
      at++;
    }
    Bounds all = any.or(term);
    return words.getFirst().equals("unless") ? all.not() : all;
  }

  /** The words of the only fetch that a condition asks; empty where it is not one alone. */
  List<String> single(List<String> words) {
    if (words.size() < 2 || !words.getFirst().equals("if")) {
      return List.of();
    }
    if (words.get(1).equals("{") && words.getLast().equals("}")) {
      List<String> inside = words.subList(2, words.size() - 1);
      return inside.contains("}") ? List.of() : inside;
    }
    List<List<String>> lines = acls.getOrDefault(words.get(1), List.of());
    return words.size() == 2 && lines.size() == 1 ? lines.getFirst() : List.of();
  }

  private Bounds named(String name) {
    List<List<String>> lines = acls.get(name);
    if (lines != null) {
      Bounds any = new Bounds(AddressSet.NONE, AddressSet.NONE);
      for (List<String> line : lines) {
        any = any.or(fetch(line));
      }
      return any;
    }
    return switch (name) {
      case "TRUE" -> Bounds.ALWAYS;
      case "FALSE" -> Bounds.ALWAYS.not();
      case "LOCALHOST" ->
          new Bounds(
              AddressSet.parse("127.0.0.0/8"),
              AddressSet.parse("127.0.0.0/8").union(AddressSet.parse("::1")));
      default -> Bounds.UNKNOWN;
    };
  }

  private Bounds fetch(List<String> words) {
    String name = words.isEmpty() ? "" : words.getFirst();
    return switch (name) {
      case "src" -> sources(words);
      case "always_true" -> Bounds.ALWAYS;
      case "always_false" -> Bounds.ALWAYS.not();
      default -> Bounds.UNKNOWN;
    };
  }

  private Bounds sources(List<String> words) {
    Bounds any = new Bounds(AddressSet.NONE, AddressSet.NONE);
    boolean patterns = false;
    for (int i = 1; i < words.size(); i++) {
      String word = words.get(i);
      if (patterns || !word.startsWith("-")) {
        any = any.or(network(word));
      } else if (word.equals("--")) {
        patterns = true;
      } else if (word.equals("-f") && i + 1 < words.size()) {
        any = any.or(list(words.get(++i)));
      } else if (word.equals("-m") && i + 1 < words.size() && words.get(i + 1).equals("ip")) {
        i++;
      } else if (!FLAGS.contains(word)) {
        return Bounds.UNKNOWN;
      }
    }
    return any;
  }

  private static Bounds network(String text) {
    AddressSet set = AddressSet.parse(text);
    if (set == null) {
      return Bounds.UNKNOWN;
    }
    AddressSet with = set.withMapped();
    return new Bounds(with, with);
  }

  private Bounds list(String name) {
    try {
      Bounds any = new Bounds(AddressSet.NONE, AddressSet.NONE);
      for (String line : SourceFile.read(folder.resolve(name)).lines()) {
        String text = line.strip();
        if (!text.isEmpty() && !text.startsWith("#")) {
          any = any.or(network(text));
        }
      }
      return any;
    } catch (UnreadableException e) {
      return Bounds.UNKNOWN;
    }
  }
}
