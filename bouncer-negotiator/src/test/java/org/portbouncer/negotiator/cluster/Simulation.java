package org.portbouncer.negotiator.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.portbouncer.core.cluster.ClusterWire.Part;
import org.portbouncer.core.cluster.ClusterWire.Wish;
import org.portbouncer.core.cluster.Lease;
import org.portbouncer.core.cluster.LeaseTimes;

/**
 * Many servers with one limit on a virtual clock: real leases, the model of the script, calls and
 * answers that take their time. What is counted is sessions of some length, or new ones within a
 * window.
 */
final class Simulation {

  static final long STEP_MS = 10;

  /** The period of a rate. */
  private static final long WINDOW_MS = 1000;

  /** How long a call is on its way, and how long its answer, at most. */
  private static final int LONGEST_WAY_MS = 15;

  private static final long NANOS_PER_MS = 1_000_000;
  private static final long NEVER = Long.MAX_VALUE;

  /** What may be counted. */
  enum Counting {
    SESSIONS,
    RATE,
    BYTES
  }

  /** How bytes come, around as many as come in a second on average. */
  enum Shape {
    /** By half more or less from one hundredth of a second to the next. */
    UNEVEN {
      @Override
      double factor(Server at) {
        return 0.5 + at.random().nextDouble();
      }
    },
    /** Half a second twice as many, half a second none. */
    SLOW_TURNS {
      @Override
      double factor(Server at) {
        return (at.time() + at.phase) % 1000 < 500 ? 2 : 0;
      }
    },
    /** A tenth of a second three times as many, two tenths none. */
    QUICK_TURNS {
      @Override
      double factor(Server at) {
        return (at.time() + at.phase) % 300 < 100 ? 3 : 0;
      }
    },
    /** Up and down by four fifths, in seven tenths of a second. */
    WAVES {
      @Override
      double factor(Server at) {
        return 1 + 0.8 * Math.sin((at.time() + at.phase) * 2 * Math.PI / 700);
      }
    },
    /**
     * Pieces, each of what comes in a fiftieth of a second, at any time: seconds differ as well.
     */
    PIECES {
      @Override
      double factor(Server at) {
        double sum = 0;
        double left = STEP_MS / 20.0 + Math.log(1 - at.random().nextDouble());
        while (left > 0) {
          sum++;
          left += Math.log(1 - at.random().nextDouble());
        }
        return sum * 20 / STEP_MS;
      }
    },
    /**
     * Twice as many and none, each for a fifth of a second on average: seconds differ even more.
     */
    TURNS_AT_RANDOM {
      @Override
      double factor(Server at) {
        if (at.time() >= at.onUntil) {
          at.on = !at.on;
          at.onUntil = at.time() + 10 + (long) (-200 * Math.log(1 - at.random().nextDouble()));
        }
        return at.on ? 2 : 0;
      }
    };

    abstract double factor(Server at);
  }

  /** One server. */
  final class Server {
    final String name;
    final Lease lease;

    /** Sessions it would have if it might; of a rate: new ones, or bytes, that come in a second. */
    long demand;

    boolean alive = true;
    boolean cut;
    long live;
    long passed;

    /** Of the window of a rate: how many in each step. */
    private final int[] window = new int[(int) (WINDOW_MS / STEP_MS)];

    private long number;
    private long until;
    private long refused;
    private long passedBefore;
    private double due;
    private long nextCallAt = random.nextInt(LeaseTimes.TICK);
    private long arrivesAt = NEVER;
    private long answersAt = NEVER;
    private long sentAt;
    private List<Wish> wishes;
    private LeaseModel.Reply reply;

    Server(int index, long limit) {
      name = "server" + index;
      lease =
          new Lease(counting == Counting.BYTES ? Lease.Kind.FLOWING : Lease.Kind.COUNTED, limit);
      lease.limit(limit, counting == Counting.RATE ? WINDOW_MS * NANOS_PER_MS : 0);
    }

    private Random random() {
      return random;
    }

    private long time() {
      return now;
    }

    long used() {
      return switch (counting) {
        case SESSIONS -> live;
        case RATE -> inWindow();
        case BYTES -> Math.round(flowing);
      };
    }

    private long inWindow() {
      long sum = 0;
      for (int count : window) {
        sum += count;
      }
      return sum;
    }

    /** What it may have by its own clock. */
    private long allowed() {
      return staysLocal || now < until ? lease.size() : 0;
    }

    // Of a class: what may pass now, what waits, bytes a second of this step and of the last look.
    private double tokens;
    private double backlog;
    private double flowing;
    private double sinceLook;
    private double lostSinceLook;
    private boolean waited;
    private final long phase = random.nextInt(1000);
    private boolean on;
    private long onUntil;

    Shape shape = Shape.UNEVEN;

    /** What has passed, and what came in this step. */
    double bytes;

    double came;

    /** What passes in one step; the burst is that of 20 ms. */
    private void flow() {
      double part = Math.max(1, allowed());
      tokens += part * STEP_MS / 1000;
      double over = Math.max(0, tokens - part * 0.02);
      tokens -= over;
      lostSinceLook += over;
      // It comes in pieces; more than a second's does not wait, because nobody sends it then.
      came = demand * STEP_MS / 1000.0 * shape.factor(this);
      backlog = Math.min((double) demand, backlog + came);
      double passes = Math.min(tokens, backlog);
      tokens -= passes;
      backlog -= passes;
      waited |= backlog >= 1;
      flowing = passes * 1000 / STEP_MS;
      sinceLook += passes;
      bytes += passes;
    }

    private void sessions() {
      int slot = (int) (now / STEP_MS % window.length);
      if (counting == Counting.RATE) {
        window[slot] = 0;
        due += demand * STEP_MS / 1000.0;
        for (; due >= 1; due--) {
          if (inWindowOnce < allowed()) {
            window[slot]++;
            inWindowOnce++;
            passed++;
          } else {
            refused++;
          }
        }
        return;
      }
      // Sessions last half a second on average.
      double ending = live * STEP_MS / 500.0;
      long ends = (long) ending + (random.nextDouble() < ending - (long) ending ? 1 : 0);
      live -= Math.min(live, ends);
      long coming = Math.max(0, demand - live);
      long passing = Math.max(0, Math.min(coming, allowed() - live));
      live += passing;
      passed += passing;
      refused += coming - passing;
    }

    private long inWindowOnce;

    private void step() {
      if (!alive) {
        return;
      }
      inWindowOnce = inWindow() - window[(int) (now / STEP_MS % window.length)];
      if (counting == Counting.BYTES) {
        flow();
      } else {
        sessions();
      }
      if (cut) {
        arrivesAt = NEVER;
        answersAt = NEVER;
        wishes = null;
      }
      if (!staysLocal && until > 0 && now >= until) {
        lease.ended(used());
      }
      if (wishes == null && now >= nextCallAt && !cut) {
        send();
      }
      if (now >= arrivesAt) {
        arrivesAt = NEVER;
        calls++;
        reply = redis.call(name, number, run, wishes, now + jump);
        answersAt = now + random.nextInt(LONGEST_WAY_MS);
      }
      if (now >= answersAt) {
        answered();
      }
    }

    private void send() {
      sentAt = now;
      boolean flows = counting == Counting.BYTES;
      refused = flows ? waited ? 1 : 0 : refused;
      if (flows) {
        lease.looked(Math.round(sinceLook), Math.round(lostSinceLook), false, now * NANOS_PER_MS);
        sinceLook = 0;
        lostSinceLook = 0;
      }
      waited = false;
      long seen = flows ? lease.passing() : used();
      long wanted = lease.want(seen, passed - passedBefore, refused, now * NANOS_PER_MS);
      passedBefore = passed;
      refused = 0;
      wishes = List.of(new Wish(1, lease.limit(), lease.held(seen), seen, wanted));
      number++;
      arrivesAt = now + random.nextInt(LONGEST_WAY_MS);
    }

    private void answered() {
      answersAt = NEVER;
      wishes = null;
      nextCallAt = sentAt + reply.tick();
      if (now < sentAt + LeaseTimes.TERM) {
        until = sentAt + LeaseTimes.TERM;
        Part part = reply.parts().getFirst();
        lease.answered(part.granted(), part.target(), reply.members(), now * NANOS_PER_MS);
      }
    }
  }

  final Random random;
  final Counting counting;
  final List<Server> servers = new ArrayList<>();
  private final boolean staysLocal;
  private final LeaseModel redis = new LeaseModel();
  private String run = "first";
  private long jump;
  long now;
  long calls;

  Simulation(Counting counting, int count, long limit, boolean staysLocal, Random random) {
    this.counting = counting;
    this.random = random;
    this.staysLocal = staysLocal;
    for (int i = 0; i < count; i++) {
      servers.add(new Server(i, limit));
    }
  }

  /** Redis was started again, and knows nothing. */
  void restartRedis() {
    run = "run at " + now;
  }

  /** Its wall clock jumps. */
  void jump(long ms) {
    jump += ms;
  }

  /** One step; what is used afterwards by all together. */
  long step() {
    now += STEP_MS;
    long used = 0;
    for (Server server : servers) {
      server.step();
      used += server.used();
    }
    return used;
  }

  /** So many milliseconds; the most that was ever used. */
  long run(long ms) {
    long most = 0;
    for (long end = now + ms; now < end; ) {
      most = Math.max(most, step());
    }
    return most;
  }

  /** Likewise; what was used on average. */
  double average(long ms) {
    double sum = 0;
    long steps = ms / STEP_MS;
    for (long i = 0; i < steps; i++) {
      sum += step();
    }
    return sum / steps;
  }

  /** What all of them may have now, together. */
  long parts() {
    return servers.stream().mapToLong(server -> server.lease.size()).sum();
  }

  /** Jain's index of fairness of these. */
  static double jain(double[] parts) {
    double sum = 0;
    double squares = 0;
    for (double part : parts) {
      sum += part;
      squares += part * part;
    }
    return sum * sum / (parts.length * squares);
  }
}
