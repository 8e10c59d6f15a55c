package org.portbouncer.launcher.importer;

import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which IPv4 addresses a pattern of {@code *} and {@code ?} matches as text: {@code 10.1*} is
 * 10.1.0.0/16 and 10.10.0.0/16 to 10.199.0.0/16. A {@code *} may stand for dots as well.
 *
 * <p>The pattern is run over all addresses at once, a number between dots being one step; a state
 * is the set of places in the pattern where the text so far may have come to.
 */
final class DottedPattern {

  /** More ranges than this are no list that anybody reads. */
  private static final int MOST = 4096;

  private static final int LONGEST = 60;

  private final String pattern;
  private final List<Map<Long, NumberSet>> known;
  private boolean tooMany;

  private DottedPattern(String pattern) {
    this.pattern = pattern;
    known = List.of(new HashMap<>(), new HashMap<>(), new HashMap<>(), new HashMap<>());
  }

  /**
   * The addresses whose text, behind {@code prefix}, matches.
   *
   * @param prefix what stands before the dotted address in the text, "" or {@code ::ffff:}
   * @return null where they are too many single ones for a list
   */
  static NumberSet matches(String pattern, String prefix) {
    String plain = pattern.replaceAll("[*]+", "*");
    if (plain.length() > LONGEST) {
      return null;
    }
    DottedPattern matching = new DottedPattern(plain);
    long state = matching.closed(1L);
    for (int i = 0; i < prefix.length(); i++) {
      state = matching.step(state, prefix.charAt(i));
    }
    NumberSet found = matching.from(0, state);
    return matching.tooMany ? null : found;
  }

  /** What may follow in numbers {@code part} to 3, as addresses of so many bytes. */
  private NumberSet from(int part, long state) {
    int bits = 8 * (4 - part);
    if (state == 0 || tooMany) {
      return NumberSet.none(bits);
    }
    NumberSet before = known.get(part).get(state);
    if (before != null) {
      return before;
    }
    NumberSet found = NumberSet.none(bits);
    for (int number = 0; number <= 255 && !tooMany; number++) {
      long next = state;
      String digits = Integer.toString(number);
      for (int i = 0; i < digits.length(); i++) {
        next = step(next, digits.charAt(i));
      }
      BigInteger first = BigInteger.valueOf(number).shiftLeft(bits - 8);
      if (part == 3) {
        if ((next >>> pattern.length() & 1) == 1) {
          found = found.union(NumberSet.of(8, first, first));
        }
      } else {
        found = found.union(from(part + 1, step(next, '.')).shifted(first, bits));
      }
      tooMany |= found.size() > MOST;
    }
    known.get(part).put(state, found);
    return found;
  }

  private long step(long state, char c) {
    long next = 0;
    for (int i = 0; i < pattern.length(); i++) {
      if ((state >>> i & 1) == 1) {
        char wanted = pattern.charAt(i);
        if (wanted == '*') {
          next |= 1L << i;
        } else if (wanted == '?' || wanted == c) {
          next |= 1L << i + 1;
        }
      }
    }
    return closed(next);
  }

  /** A star may stand for nothing. */
  private long closed(long state) {
    long all = state;
    for (int i = 0; i < pattern.length(); i++) {
      if ((all >>> i & 1) == 1 && pattern.charAt(i) == '*') {
        all |= 1L << i + 1;
      }
    }
    return all;
  }
}
