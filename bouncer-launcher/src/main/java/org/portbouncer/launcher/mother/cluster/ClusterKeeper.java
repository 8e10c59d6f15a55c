package org.portbouncer.launcher.mother.cluster;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.portbouncer.core.cluster.ClusterWire;
import org.portbouncer.core.cluster.ClusterWire.Answer;
import org.portbouncer.core.cluster.ClusterWire.Ask;
import org.portbouncer.core.cluster.ClusterWire.Outcome;
import org.portbouncer.core.cluster.ClusterWire.Setup;
import org.portbouncer.core.cluster.LeaseTimes;
import org.portbouncer.core.config.Cluster;
import org.portbouncer.core.loop.Timer;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.launcher.figures.ClusterView;
import org.portbouncer.launcher.mother.books.ClusterSeat;
import org.portbouncer.launcher.mother.doors.InForce;
import org.portbouncer.launcher.mother.ground.Ground;
import org.portbouncer.launcher.mother.ground.StartException;
import org.portbouncer.launcher.privilege.Confinement;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this server's parts of the limits that the cluster shares: asks for them again and again
 * through a process of its own, which it keeps running, and says when Redis is not reached. Only
 * where a cluster is configured. In the mother, on her loop's thread; {@link #view} from any.
 */
public final class ClusterKeeper extends Timer implements ClusterProcess.Watcher {

  private static final Logger LOG = LoggerFactory.getLogger(ClusterKeeper.class);

  private static final long NANOS_PER_MS = 1_000_000;
  private static final long LOOK_NANOS = 2_000_000_000L;

  /** While Redis is away it is tried as often as this. */
  private static final int AWAY_TICK_MS = 500;

  /** A call that has taken so long is over: names that nobody resolves take their time. */
  private static final long STUCK_NANOS = 30_000_000_000L;

  /** Another reason than was logged is logged no sooner than this. */
  private static final long TOLD_AGAIN_NANOS = 10_000_000_000L;

  private static final long FIRST_PAUSE_NANOS = 200_000_000;
  private static final long LONGEST_PAUSE_NANOS = 10_000_000_000L;

  private final Ground ground;
  private final InForce inForce;
  private final ClusterLimits limits;
  private Cluster cluster;
  private Setup setup;
  private Confinement confinement;
  private ClusterProcess process;
  private List<SharedLimit> asked = List.of();
  private long number;

  /** Whether another mother asks for what lies in the memory. */
  private boolean waiting;

  private final Preparation preparation;

  /** Whether that is then this server's part. */
  private boolean follows;

  private long sentAt;
  private long lookedAt;
  private long pauseNanos = FIRST_PAUSE_NANOS;
  private long startAt;

  // What is known, for who asks.
  private String state = "starting";
  private String why = "";
  private String toldWhy = "";
  private long toldAt;
  private long sinceMs = System.currentTimeMillis();
  private long leasedAt;
  private boolean leased;
  private long callMs;
  private int members;
  private List<ClusterWire.Member> named = List.of();
  private long namedAt;
  private volatile ClusterView view;

  public ClusterKeeper(Ground ground, InForce inForce, ClusterLimits limits) {
    this.ground = ground;
    this.inForce = inForce;
    this.limits = limits;
    this.preparation = new Preparation(ground.loop());
  }

  /**
   * Begins, where the configuration has a cluster.
   *
   * @param before whose memory this server has; null where that is its own: until {@link #goOn} the
   *     other server asks for what lies there
   * @throws StartException where its process cannot be started
   */
  public void begin(Confinement how, ClusterSeat before) throws StartException {
    cluster = inForce.configuration().cluster();
    if (cluster == null) {
      return;
    }
    confinement = how;
    String label = label();
    Cluster.Redis redis = cluster.redis();
    follows = before != null && before.isOf(redis.toString(), cluster.name());
    waiting = before != null;
    setup =
        new Setup(
            redis,
            cluster.redisPorts(),
            cluster.token().text(),
            cluster.sentinelToken().text(),
            cluster.name(),
            follows ? before.member() : newMember(label),
            label);
    process = ClusterProcess.start(ground.loop(), confinement, setup, cluster.authority(), this);
    LOG.info("cluster {} by {}: this server is {}", cluster.name(), redis, label);
    if (waiting) {
      preparation.begin();
      process.prepare();
    } else {
      expired(ground.loop().now());
    }
  }

  /** Does this when a server that follows another can ask Redis as soon as it is its turn. */
  public void whenPrepared(Runnable next) {
    preparation.then(next);
  }

  private static String newMember(String label) {
    byte[] random = new byte[8];
    ThreadLocalRandom.current().nextBytes(random);
    return label + ":" + HexFormat.of().formatHex(random);
  }

  /** As whom this server has its parts: the one that follows it is the same. */
  public ClusterSeat seat() {
    return setup == null
        ? ClusterSeat.NONE
        : new ClusterSeat(setup.redis().toString(), setup.cluster(), setup.member());
  }

  /**
   * Another mother has the parts from here on: this one asks for none. An answer that is still on
   * its way is for nobody, and a call that is has an older number than any of hers.
   */
  public void pause() {
    if (setup != null) {
      waiting = true;
      follows = true;
      ground.loop().timers().clear(this);
    }
  }

  /** She has had them, or was never there: this mother has them from here on. */
  public void goOn() {
    if (setup == null || !waiting) {
      return;
    }
    waiting = false;
    if (follows) {
      long now = System.nanoTime();
      leased = limits.goOn(inForce.epoch(), now);
      leasedAt = now;
    }
    expired(ground.loop().now());
  }

  private String label() {
    String host = System.getenv("HOSTNAME");
    try {
      Path file = Path.of("/proc/sys/kernel/hostname");
      host = Files.isReadable(file) ? Files.readString(file).strip() : host;
      host = host == null ? InetAddress.getLocalHost().getHostName() : host;
    } catch (java.io.IOException e) {
      host = e instanceof UnknownHostException || host == null ? "server" : host;
    }
    return Printable.of(host) + ":" + ground.pid();
  }

  @Override
  protected void expired(long now) {
    if (process == null && now - startAt >= 0) {
      startAgain(now);
    }
    if (process != null && !process.busy()) {
      limits.use(inForce.epoch());
      limits.endIfOver(now);
      boolean look = now - lookedAt >= LOOK_NANOS;
      if (look) {
        lookedAt = now;
      }
      asked = limits.all();
      // Before anything is asked: so the part ends here before it ends there.
      sentAt = System.nanoTime();
      process.ask(new Ask(nextNumber(), look, limits.wishes(sentAt)));
    } else if (process != null && now - sentAt > STUCK_NANOS) {
      process.fail("did not answer for " + STUCK_NANOS / 1_000_000_000 + " s");
    }
    limits.endIfOver(now);
    publish();
    ground.loop().timers().set(this, now + LeaseTimes.TICK * NANOS_PER_MS);
  }

  private void startAgain(long now) {
    try {
      process = ClusterProcess.start(ground.loop(), confinement, setup, cluster.authority(), this);
    } catch (StartException e) {
      pause(now, e.getMessage());
    }
  }

  @Override
  public void answered(Answer answer) {
    if (waiting) {
      return;
    }
    long now = System.nanoTime();
    callMs = (now - sentAt) / NANOS_PER_MS;
    if (answer.outcome() == Outcome.AWAY) {
      away(answer.why());
      ground.loop().timers().set(this, ground.loop().now() + AWAY_TICK_MS * NANOS_PER_MS);
      return;
    }
    pauseNanos = FIRST_PAUSE_NANOS;
    boolean stays = cluster.whenAway() == Cluster.WhenAway.LOCAL;
    long end = stays ? Long.MAX_VALUE : sentAt + LeaseTimes.TERM * NANOS_PER_MS;
    if (stays || now - end < 0) {
      limits.answered(answer, asked, end, now);
      leased = true;
      leasedAt = sentAt;
    }
    members = answer.members();
    if (!answer.others().isEmpty()) {
      named = answer.others();
      namedAt = now;
    }
    String next = answer.outcome() == Outcome.RECALLING ? "recalling" : "held";
    if (!state.equals(next)) {
      said(next);
    }
    publish();
    long tick = Math.max(LeaseTimes.TICK, Math.min(LeaseTimes.LONGEST_TICK, answer.tickMs()));
    long due = Math.max(sentAt + tick * NANOS_PER_MS, ground.loop().now());
    ground.loop().timers().set(this, due);
  }

  private void said(String next) {
    long away = (System.currentTimeMillis() - sinceMs) / 1000;
    if (next.equals("recalling")) {
      LOG.info(
          "cluster {}: Redis knows nothing, or is another than before: for {} s it is told what"
              + " servers have, and gives nobody more",
          cluster.name(),
          LeaseTimes.RECALL / 1000.0);
    } else if (state.equals("away")) {
      LOG.info("cluster {}: reached again after {} s", cluster.name(), away);
    } else {
      LOG.info("cluster {}: has its parts; servers: {}", cluster.name(), members);
    }
    state = next;
    sinceMs = System.currentTimeMillis();
  }

  private void away(String reason) {
    why = reason;
    if (!state.equals("away")) {
      LOG.warn(
          "cluster {} is not reached: {}; when-away = {}: {}",
          cluster.name(),
          reason,
          cluster.whenAway().text(),
          meanwhile());
      state = "away";
      sinceMs = System.currentTimeMillis();
      toldWhy = reason;
      toldAt = System.nanoTime();
    } else if (!reason.equals(toldWhy) && System.nanoTime() - toldAt > TOLD_AGAIN_NANOS) {
      // Mended one thing, and now it is another: not the same again and again.
      LOG.warn("cluster {} is still not reached, now: {}", cluster.name(), reason);
      toldWhy = reason;
      toldAt = System.nanoTime();
    }
    publish();
  }

  @Override
  public void prepared() {
    preparation.end();
  }

  @Override
  public void ended(String how) {
    process = null;
    preparation.end();
    if (waiting) {
      return;
    }
    pause(ground.loop().now(), "its process ended: " + how);
  }

  private void pause(long now, String reason) {
    startAt = now + pauseNanos;
    pauseNanos = Math.min(LONGEST_PAUSE_NANOS, 2 * pauseNanos);
    away(reason);
  }

  private void publish() {
    long now = System.nanoTime();
    // While Redis is away nobody is heard of, and what was known gets old.
    long older = state.equals("away") ? (now - namedAt) / NANOS_PER_MS : 0;
    view =
        new ClusterView(
            cluster.name(),
            cluster.redis().toString(),
            setup.label(),
            state,
            why,
            cluster.whenAway().text(),
            sinceMs,
            leased ? (now - leasedAt) / NANOS_PER_MS : -1,
            callMs,
            members,
            named.stream()
                .map(one -> new ClusterView.Member(one.label(), one.ageMs() + older))
                .toList(),
            limits.all().stream()
                .map(
                    one ->
                        new ClusterView.Limit(
                            one.of().text(),
                            one.name(),
                            one.limit(),
                            one.size(),
                            one.used(),
                            one.heldByAll(),
                            one.usedByAll()))
                .toList());
  }

  /** How it looks; null without a cluster. From any thread. */
  public ClusterView view() {
    return view;
  }

  /**
   * Why the cluster's limits are not what they are to be, and what that means; empty where all is
   * well.
   */
  public String trouble() {
    return state.equals("away")
        ? why + "; when-away = " + cluster.whenAway().text() + ": " + meanwhile()
        : "";
  }

  /** What becomes of shared limits while Redis is away. */
  private String meanwhile() {
    if (cluster.whenAway() == Cluster.WhenAway.REFUSE) {
      return "rules with shared = cluster let nobody pass when the parts' term is over";
    }
    return leased ? "this server keeps its last parts" : "this server has no parts yet";
  }

  /** Gives everything back; when the loop does not turn any more. */
  public void end() {
    if (process != null && waiting) {
      process.drop();
    } else if (process != null) {
      process.leave(nextNumber());
    }
    process = null;
  }

  /** By the machine's clock: so those of a mother who follows are later, whoever has counted. */
  private long nextNumber() {
    number = Math.max(number + 1, System.nanoTime() / NANOS_PER_MS);
    return number;
  }
}
