package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.ConfigCodec;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.RuleIndex;
import org.portbouncer.core.config.RuleMemory;

/**
 * The largest configuration that figures are given for: 1,000 rules, 100,000 networks. Prints how
 * long each step takes; docs/performance.md has the figures of a quiet machine.
 */
class LargeConfigurationTest {

  private static final int RULES = 1000;
  private static final int NETWORKS = 100_000;

  @TempDir private Path folder;

  private static void print(String what, long start) {
    System.out.printf("%s: %d ms%n", what, (System.nanoTime() - start) / 1_000_000);
  }

  private static String network(Random random) {
    return "%d.%d.%d.0/24"
        .formatted(random.nextInt(1, 224), random.nextInt(256), random.nextInt(256));
  }

  @Test
  void shouldLoadAListOfManyNetworks() throws IOException {
    Random random = new Random(1);
    StringBuilder list = new StringBuilder();
    for (int i = 0; i < NETWORKS; i++) {
      list.append(network(random)).append('\n');
    }
    Files.writeString(folder.resolve("many.nets"), list);
    Path file =
        Files.writeString(
            folder.resolve("b.conf"),
            """
            bouncer {
              listeners { a { listen = "127.0.0.1:1", target = "internal:echo", acl = x } }
              acls { x = [ { name = many, action = block, from = "file:many.nets" } ] }
            }
            """);
    long start = System.nanoTime();
    LoadResult loaded = ConfigLoader.load(file);
    print("a list of 100,000 networks, first load of the process", start);
    assertThat(loaded.problems()).isEmpty();
    start = System.nanoTime();
    loaded.close();
    loaded = ConfigLoader.load(file);
    print("the same again", start);
    loaded.close();
  }

  @Test
  void shouldLoadManyRulesWithManyNetworks() throws Exception {
    Random random = new Random(2);
    StringBuilder text =
        new StringBuilder(
            "bouncer {\nlisteners { a { listen = \"127.0.0.1:1\", target = \"internal:echo\","
                + " acl = x } }\nacls { x = [\n");
    for (int i = 0; i < RULES; i++) {
      StringBuilder list = new StringBuilder();
      for (int j = 0; j < NETWORKS / RULES; j++) {
        list.append(network(random)).append('\n');
      }
      Files.writeString(folder.resolve("l" + i + ".nets"), list);
      text.append("{ name = r%d, action = pass, from = \"file:l%d.nets\" }\n".formatted(i, i));
    }
    Path file = Files.writeString(folder.resolve("b.conf"), text + "] }\n}\n");
    for (int round = 0; round < 2; round++) {
      long start = System.nanoTime();
      LoadResult loaded = ConfigLoader.load(file);
      print("1,000 rules with 100,000 networks, checked, load " + (round + 1), start);
      assertThat(loaded.isOk()).isTrue();
      start = System.nanoTime();
      byte[] bytes = ConfigCodec.encode(loaded.configuration());
      print("encoded, " + bytes.length + " bytes", start);
      loaded.rules().seal();
      start = System.nanoTime();
      try (RuleMemory rules = RuleMemory.open(loaded.rules().fd(), loaded.rules().length())) {
        Configuration decoded = ConfigCodec.decode(ByteBuffer.wrap(bytes), rules);
        RuleIndex index = decoded.acls().getFirst().index();
        print("mapped and decoded, " + index.intervals() + " intervals", start);
        assertThat(index.intervals()).isGreaterThan(NETWORKS);
      }
      loaded.close();
    }
  }
}
