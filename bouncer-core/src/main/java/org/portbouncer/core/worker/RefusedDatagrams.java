package org.portbouncer.core.worker;

import java.util.function.Consumer;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.shared.ListenerCounters;

/**
 * Which refused clients of datagrams have a line in the access log: of a listener one blocked and
 * one limited a second, with how many had none since. Who sends datagrams may write any address
 * into them, and would fill the log with one for each. In every process, on the thread of its loop.
 */
final class RefusedDatagrams {

  private static final long LINE_NANOS = 1_000_000_000;

  private String[] names;
  private long[] last;
  private long[] left;

  /** Listeners that have left out any, or had a line, since the last look. */
  private boolean any;

  /**
   * Whether the line of a session that ends is written.
   *
   * @param slot the listener's place in the counters
   * @return how many had none since the last; -1 where this one has none either
   */
  long take(Listener listener, int slot, Result result, long now) {
    if (last == null) {
      last = new long[2 * ListenerCounters.SLOTS];
      left = new long[last.length];
      names = new String[ListenerCounters.SLOTS];
    }
    int place = 2 * slot + (result == Result.BLOCKED ? 0 : 1);
    if (last[place] != 0 && now - last[place] < LINE_NANOS) {
      left[place]++;
      names[slot] = listener.name();
      any = true;
      return -1;
    }
    last[place] = now;
    long count = left[place];
    left[place] = 0;
    return count;
  }

  /** Tells of those that no later line has told of. */
  void tellRest(long now, Consumer<String> teller) {
    if (!any) {
      return;
    }
    any = false;
    for (int place = 0; place < left.length; place++) {
      if (left[place] > 0 && now - last[place] >= LINE_NANOS) {
        String how = place % 2 == 0 ? "blocked" : "limited";
        teller.accept(
            names[place / 2]
                + ": "
                + left[place]
                + " more clients "
                + how
                + ", without a line each");
        left[place] = 0;
      }
      any |= left[place] > 0;
    }
  }
}
