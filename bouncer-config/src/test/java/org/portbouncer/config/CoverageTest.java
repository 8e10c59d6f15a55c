package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.config.NetworkSetBuilder;
import org.portbouncer.core.config.Rule;

class CoverageTest {

  /** A rule with these networks; null for everyone. */
  private static Rule rule(NetworkSet from) {
    return Rule.of("r", Rule.Action.PASS, from, "f", 1);
  }

  /** Networks of both families in a small part of each, so that they meet often. */
  private static NetworkSet networks(Random random) {
    if (random.nextInt(12) == 0) {
      return null;
    }
    NetworkSetBuilder builder = NetworkSet.builder();
    for (int i = random.nextInt(5); i > 0; i--) {
      int bits = random.nextInt(5);
      int first = random.nextInt(1 << bits) << 4 - bits;
      builder.add(
          random.nextBoolean()
              ? "10.0.0." + first + "/" + (28 + bits)
              : "2001:db8::" + Integer.toHexString(first) + "/" + (124 + bits));
    }
    if (random.nextInt(10) == 0) {
      builder.add("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0/124");
    }
    if (random.nextInt(10) == 0) {
      builder.add("255.255.255.0/24");
    }
    return builder.build();
  }

  @Test
  void shouldSayTheSameAsAComparisonOfEachWithEach() {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("CoverageTest -Dseed=" + seed);
    Random random = new Random(seed);
    int covered = 0;
    for (int round = 0; round < 300; round++) {
      List<Rule> rules = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        rules.add(rule(networks(random)));
      }
      Coverage coverage = new Coverage(rules);
      for (int outer = 0; outer < rules.size(); outer++) {
        for (int inner = 0; inner < rules.size(); inner++) {
          NetworkSet a = rules.get(outer).from();
          NetworkSet b = rules.get(inner).from();
          boolean expected = a == null || (b != null && a.covers(b));
          assertThat(coverage.covers(outer, inner))
              .as("round %d: %d covers %d", round, outer, inner)
              .isEqualTo(expected);
          covered += expected ? 1 : 0;
        }
      }
    }
    assertThat(covered).isGreaterThan(1000);
  }
}
