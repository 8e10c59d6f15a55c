package org.portbouncer.launcher.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a client would have, as its Accept header says (RFC 9110, 12.5.1). A header that makes no
 * sense asks for nothing.
 */
final class Accept {

  private record Range(String type, double quality) {}

  private final List<Range> ranges = new ArrayList<>();

  /**
   * @param header null where there is none, which is to want anything
   */
  Accept(String header) {
    if (header == null || header.isBlank()) {
      ranges.add(new Range("*/*", 1));
      return;
    }
    for (String part : header.split(",", -1)) {
      String[] words = part.split(";", -1);
      double quality = 1;
      for (int i = 1; i < words.length; i++) {
        String word = words[i].strip().toLowerCase(Locale.ROOT);
        if (word.startsWith("q=")) {
          quality = quality(word.substring(2));
        }
      }
      ranges.add(new Range(words[0].strip().toLowerCase(Locale.ROOT), quality));
    }
  }

  private static double quality(String text) {
    try {
      double value = Double.parseDouble(text);
      return value >= 0 && value <= 1 ? value : 0;
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /**
   * How much that type is wanted: what is most specific about it counts.
   *
   * @param type as "text/plain"
   * @param family as "text/*"
   * @return from 0, not at all, to 1
   */
  double quality(String type, String family) {
    double best = 0;
    int specific = 0;
    for (Range range : ranges) {
      int here = range.type.equals(type) ? 3 : range.type.equals(family) ? 2 : 0;
      here = range.type.equals("*/*") ? 1 : here;
      if (here > specific) {
        specific = here;
        best = range.quality;
      } else if (here > 0 && here == specific) {
        best = Math.max(best, range.quality);
      }
    }
    return best;
  }
}
