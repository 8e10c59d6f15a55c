package org.portbouncer.acl.acl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.config.NetworkSetBuilder;
import org.portbouncer.core.config.PortRange;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.Schedule;
import org.portbouncer.core.sys.SockAddr;

/** One decision among 1,000 rules with 100,000 networks in all, for clients from all of them. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DecisionBenchmark {

  private static final int RULES = 1000;
  private static final int NETWORKS = 100_000;
  private static final int CLIENTS = 1 << 16;
  private static final int ROOM = 32;

  /** Which rules have a port range or a schedule beside their networks. */
  public enum Conditions {
    NONE,
    HALF,
    ALL
  }

  @Param private Conditions conditions;

  @Param({"4", "6"})
  private int family;

  private RuleMatcher matcher;
  private MemorySegment clients;
  private int next;

  /** Makes the rules and the clients. */
  @Setup
  public void setUp() throws Exception {
    Random random = new Random(7);
    List<List<String>> networks = new ArrayList<>();
    for (int i = 0; i < RULES; i++) {
      networks.add(new ArrayList<>());
    }
    List<byte[]> bases = new ArrayList<>();
    for (int i = 0; i < NETWORKS; i++) {
      byte[] base = new byte[family == 4 ? 4 : 16];
      random.nextBytes(base);
      if (family == 6) {
        base[0] = 0x20;
      }
      int prefix = family == 4 ? 16 + random.nextInt(17) : 32 + random.nextInt(33);
      for (int bit = prefix; bit < base.length * 8; bit++) {
        base[bit / 8] &= (byte) ~(0x80 >> bit % 8);
      }
      bases.add(base);
      networks
          .get(random.nextInt(RULES))
          .add(InetAddress.getByAddress(base).getHostAddress() + "/" + prefix);
    }
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < RULES; i++) {
      rules.add(rule(i, networks.get(i), random));
    }
    matcher = new RuleMatcher(new Acl("bench", rules));
    clients = Arena.ofAuto().allocate((long) CLIENTS * ROOM, 8);
    for (int i = 0; i < CLIENTS; i++) {
      byte[] client = bases.get(random.nextInt(bases.size())).clone();
      client[client.length - 1] |= (byte) random.nextInt(256);
      SockAddr.put(clients, (long) i * ROOM, InetAddress.getByAddress(client), 1 + i % 65535);
    }
  }

  private Rule rule(int index, List<String> networks, Random random) {
    NetworkSetBuilder from = NetworkSet.builder();
    networks.forEach(from::add);
    boolean conditional =
        conditions == Conditions.ALL || (conditions == Conditions.HALF && random.nextBoolean());
    boolean port = conditional && random.nextBoolean();
    return Rule.of("r" + index, Rule.Action.PASS, from.build(), "b.conf", index + 1)
        .only(
            port ? List.of(new PortRange(1024, 40_000)) : List.of(),
            conditional && !port ? Schedule.parse("Mon-Fri 07:00-19:00 Europe/Oslo") : null);
  }

  /** The decision as the acl worker makes it, the clock included. */
  @Benchmark
  public int decide() {
    long client = (long) (next++ & (CLIENTS - 1)) * ROOM;
    return matcher.match(clients, client, System.currentTimeMillis());
  }
}
