package org.portbouncer.launcher.importer;

import java.util.List;

/**
 * One directive of nginx.
 *
 * @param origin where it begins
 * @param name its first word
 * @param words those behind it
 * @param block what stands in its braces; null where it has none
 */
record NginxDirective(Origin origin, String name, List<String> words, List<NginxDirective> block) {

  /** The word behind the name; "" where there is none. */
  String first() {
    return words.isEmpty() ? "" : words.getFirst();
  }

  boolean has(String word) {
    return words.contains(word);
  }
}
