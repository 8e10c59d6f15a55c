package org.portbouncer.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What values of a kind look like, and what they mean. The words and the reading are one thing:
 * ranges and choices stand here once.
 *
 * @param text for people, as {@link SchemaKey#type}
 * @param reader what a text means; null where that takes more than the text, and whoever reads
 *     gives it
 */
record Form<T>(String text, ValueReader<T> reader) {

  static final Form<Long> DURATION =
      new Form<>("duration", (text, where) -> Quantities.durationMs(text));

  static final Form<Integer> COUNT = from(1, Integer.MAX_VALUE);

  static final Form<Boolean> FLAG = choice(Map.entry("true", true), Map.entry("false", false));

  static final Form<String> NAME = new Form<>("name", (text, where) -> Names.require(text));

  /** Whole numbers of a range. */
  static Form<Integer> integer(int min, int max) {
    return new Form<>(
        "integer, " + min + " to " + max, (text, where) -> Quantities.integer(text, min, max));
  }

  /** The same where the greatest is none that anybody would think of. */
  static Form<Integer> from(int min, int max) {
    return new Form<>("integer from " + min, (text, where) -> Quantities.integer(text, min, max));
  }

  /** One of several words. */
  @SafeVarargs
  static <T> Form<T> choice(Map.Entry<String, T>... choices) {
    Map<String, T> meanings = new LinkedHashMap<>();
    for (Map.Entry<String, T> choice : choices) {
      meanings.put(choice.getKey(), choice.getValue());
    }
    List<String> words = new ArrayList<>(meanings.keySet());
    words.replaceAll(word -> '`' + word + '`');
    String last = words.removeLast();
    return new Form<>(String.join(", ", words) + " or " + last, Names.choice(meanings));
  }

  /** What means something only beside other values: names of what is configured elsewhere. */
  static <T> Form<T> words(String text) {
    return new Form<>(text, null);
  }
}
