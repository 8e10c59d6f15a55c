package org.portbouncer.core.control;

import java.util.ArrayDeque;

/**
 * Questions of one kind that an answer may still come to. Answers come in the order of the
 * questions; a worker that found the link full has left some out.
 */
final class Unanswered {

  /** A worker that leaves out more in a row than this is not believed when it answers them. */
  private static final int MOST = 256;

  private final ArrayDeque<Integer> numbers = new ArrayDeque<>();

  void add(int number) {
    if (numbers.size() == MOST) {
      numbers.remove();
    }
    numbers.add(number);
  }

  /** Whether that was asked, and neither it nor a later one answered. */
  boolean answered(int number) {
    if (!numbers.contains(number)) {
      return false;
    }
    while (numbers.remove() != number) {
      // Those before it were left out.
    }
    return true;
  }
}
