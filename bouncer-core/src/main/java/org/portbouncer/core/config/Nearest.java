package org.portbouncer.core.config;

import java.util.Collection;
import java.util.Locale;

/** Finds the known name an operator most likely meant. Runs in the mother and in commands. */
public final class Nearest {

  /** Characters of names in one message; the keys of the largest section have room. */
  private static final int LISTED = 500;

  private Nearest() {}

  /** The known name nearest to {@code name}, or null when none is near. */
  public static String of(String name, Collection<String> known) {
    String plain = plain(name);
    String best = null;
    int bestDistance = Integer.MAX_VALUE;
    for (String candidate : known) {
      int distance = distance(plain, plain(candidate));
      boolean sooner = distance == bestDistance && best != null && candidate.compareTo(best) < 0;
      if (distance < bestDistance || sooner) {
        best = candidate;
        bestDistance = distance;
      }
    }
    int tolerated = Math.max(1, plain.length() / 3);
    return bestDistance <= tolerated ? best : null;
  }

  /**
   * {@code ", did you mean 'x'?"}, or {@code "; known: a, b"} when none is near: those that fit a
   * message which people read, and how many more there are.
   */
  public static String hint(String name, Collection<String> known) {
    if (known.isEmpty()) {
      return "; none is defined";
    }
    String near = of(name, known);
    return near == null ? "; known: " + listed(known) : ", did you mean '" + near + "'?";
  }

  private static String listed(Collection<String> known) {
    StringBuilder text = new StringBuilder();
    int count = 0;
    for (String name : known) {
      if (count > 0 && text.length() + name.length() > LISTED) {
        return text + " and " + (known.size() - count) + " more";
      }
      text.append(count == 0 ? "" : ", ").append(name);
      count++;
    }
    return text.toString();
  }

  /** Case, "-", "_" and "." make no difference to what was meant. */
  private static String plain(String name) {
    String cut = name.length() > 64 ? name.substring(0, 64) : name;
    return cut.toLowerCase(Locale.ROOT).replaceAll("[-_.]", "");
  }

  /** Edits (insert, delete, replace, swap of neighbours) that turn one into the other. */
  static int distance(String a, String b) {
    int[] twoBack = new int[b.length() + 1];
    int[] previous = new int[b.length() + 1];
    int[] current = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        boolean same = a.charAt(i - 1) == b.charAt(j - 1);
        int edits = previous[j - 1] + (same ? 0 : 1);
        edits = Math.min(edits, Math.min(previous[j], current[j - 1]) + 1);
        boolean swapped =
            i > 1
                && j > 1
                && a.charAt(i - 1) == b.charAt(j - 2)
                && a.charAt(i - 2) == b.charAt(j - 1);
        current[j] = swapped ? Math.min(edits, twoBack[j - 2] + 1) : edits;
      }
      int[] spare = twoBack;
      twoBack = previous;
      previous = current;
      current = spare;
    }
    return previous[b.length()];
  }
}
