package org.portbouncer.negotiator.cluster;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLSocketFactory;
import org.portbouncer.core.cluster.ClusterWire.Answer;
import org.portbouncer.core.cluster.ClusterWire.Ask;
import org.portbouncer.core.cluster.ClusterWire.Member;
import org.portbouncer.core.cluster.ClusterWire.Outcome;
import org.portbouncer.core.cluster.ClusterWire.Part;
import org.portbouncer.core.cluster.ClusterWire.Setup;
import org.portbouncer.core.cluster.ClusterWire.Wish;
import org.portbouncer.core.cluster.LeaseTimes;
import org.portbouncer.core.sys.Printable;

/**
 * Asks Redis for this server's parts, over one connection that is opened again when it broke. On
 * the thread of the cluster's process.
 */
final class Leases {

  /** Words of an answer before those of limits. */
  private static final int HEAD = 5;

  private static final int OF_LIMIT = 4;

  private final Setup setup;
  private final MasterFinder finder;
  private RedisConnection connection;
  private String run = "";

  Leases(Setup setup) {
    this(setup, null);
  }

  /**
   * @param factory what makes a socket speak TLS; null where it is not spoken
   */
  Leases(Setup setup, SSLSocketFactory factory) {
    this.setup = setup;
    this.finder = new MasterFinder(setup, factory);
  }

  /** Asks, and says what came of it; waits for Redis, and for no longer than it has patience. */
  Answer ask(Ask ask) {
    boolean open = connection != null;
    try {
      try {
        return read(ask, call(ask, false));
      } catch (EOFException | SocketException e) {
        // It was restarted, or has closed what was open: why, and whether there is another by now,
        // a new connection tells.
        if (!open) {
          throw e;
        }
        close();
        return again(ask, e);
      }
    } catch (IOException | RedisException e) {
      // Also from a replica, a server that loads, one without memory: another connection may find
      // a better.
      close();
      return away(ask, Trouble.words(e));
    } catch (RuntimeException e) {
      // Whatever a library of the JDK makes of what came.
      close();
      return away(ask, e.toString());
    }
  }

  private Answer again(Ask ask, IOException first) throws IOException, RedisException {
    try {
      return read(ask, call(ask, false));
    } catch (RedisException e) {
      if (e.isOld()) {
        // It had done what it was asked for, and the answer was lost: the next call brings it.
        throw first;
      }
      throw e;
    }
  }

  /** Gives everything back, as far as Redis is there to hear of it. */
  void leave(long number) {
    if (connection != null) {
      try {
        call(new Ask(number, false, List.of()), true);
      } catch (IOException | RedisException e) {
        // It is given to others when the server has not been heard for long enough.
      }
      close();
    }
  }

  /** Reaches Redis ahead of the first asking, which says what is wrong where that cannot be. */
  void prepare() {
    try {
      open();
    } catch (IOException | RedisException | RuntimeException e) {
      close();
    }
  }

  private void open() throws IOException, RedisException {
    if (connection == null) {
      connection = finder.open();
      run = connection.info("server", "run_id");
    }
  }

  private List<?> call(Ask ask, boolean leave) throws IOException, RedisException {
    open();
    List<String> words = new ArrayList<>();
    words.add("EVALSHA");
    words.add(LeaseScript.SHA1);
    words.add("2");
    // In braces is what a cluster of Redis finds both keys' place by.
    words.add("bouncer:{" + setup.cluster() + "}:state");
    words.add("bouncer:{" + setup.cluster() + "}:members");
    words.add(setup.member());
    words.add(Long.toString(ask.number()));
    words.add(run);
    words.add(setup.label());
    words.add(leave ? "1" : "0");
    words.add(ask.look() ? "1" : "0");
    for (Wish wish : ask.wishes()) {
      words.add(Long.toHexString(wish.key()));
      words.add(Long.toString(wish.limit()));
      words.add(Long.toString(wish.held()));
      words.add(Long.toString(wish.used()));
      words.add(Long.toString(wish.wanted()));
    }
    Object answer;
    try {
      answer = connection.call(words);
    } catch (RedisException e) {
      if (!e.isUnknownScript()) {
        throw e;
      }
      words.set(0, "EVAL");
      words.set(1, LeaseScript.TEXT);
      answer = connection.call(words);
    }
    if (answer instanceof List<?> list) {
      return list;
    }
    throw new IOException("an answer that is not the script's");
  }

  private Answer read(Ask ask, List<?> answer) throws IOException {
    int end = HEAD + OF_LIMIT * ask.wishes().size();
    if (answer.size() < end) {
      throw new IOException("an answer that is not the script's");
    }
    List<Part> parts = new ArrayList<>();
    for (int at = HEAD; at < end; at += OF_LIMIT) {
      parts.add(
          new Part(
              number(answer, at),
              number(answer, at + 1),
              number(answer, at + 2),
              number(answer, at + 3)));
    }
    List<Member> members = new ArrayList<>();
    for (int at = end; at + 1 < answer.size(); at += 2) {
      members.add(new Member(Printable.of("" + answer.get(at)), number(answer, at + 1)));
    }
    int all = Math.clamp(number(answer, 2), 1, 1_000_000);
    int tick = Math.clamp(number(answer, 3), LeaseTimes.TICK, LeaseTimes.LONGEST_TICK);
    Outcome outcome = number(answer, 4) == 1 ? Outcome.RECALLING : Outcome.GRANTED;
    return new Answer(ask.number(), outcome, all, tick, "", parts, members);
  }

  private static long number(List<?> answer, int at) throws IOException {
    if (answer.get(at) instanceof Long number) {
      return number;
    }
    throw new IOException("an answer that is not the script's");
  }

  private static Answer away(Ask ask, String why) {
    return new Answer(
        ask.number(), Outcome.AWAY, 0, LeaseTimes.TICK, Printable.of(why), List.of(), List.of());
  }

  private void close() {
    if (connection != null) {
      try {
        connection.close();
      } catch (IOException e) {
        // It is gone.
      }
      connection = null;
    }
  }
}
