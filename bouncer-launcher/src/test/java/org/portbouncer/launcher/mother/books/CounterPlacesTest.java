package org.portbouncer.launcher.mother.books;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.config.ConfigLoader;
import org.portbouncer.core.config.ConfigCodecException;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.shared.AclCounters;
import org.portbouncer.core.shared.AclCounters.Decision;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.worker.Epoch;
import org.portbouncer.core.worker.EpochCodec;
import org.portbouncer.core.worker.Places;
import org.portbouncer.launcher.mother.books.CounterPlaces.RuleName;

class CounterPlacesTest {

  private static final String BEFORE =
      """
      bouncer {
        listeners {
          a { listen = "127.0.0.1:1001", target = "internal:echo", acl = office }
          b { listen = "127.0.0.1:1002", target = "internal:echo" }
        }
        acls { office = [ { name = one, action = pass }, { name = two, action = block } ] }
      }
      """;

  private static final String AFTER =
      """
      bouncer {
        listeners {
          c { listen = "127.0.0.1:1003", target = "internal:echo" }
          b { listen = "127.0.0.1:1002", target = "internal:echo", acl = home }
        }
        acls {
          home = [ { name = two, action = pass } ]
          office = [ { name = two, action = pass }, { name = new, action = pass }
                     { name = one, action = block } ]
        }
      }
      """;

  @TempDir private Path folder;

  private final SharedArea area = SharedArea.create(64);
  private final CounterPlaces counters = new CounterPlaces(area);

  private Configuration load(String text) throws IOException {
    return ConfigLoader.load(Files.writeString(folder.resolve("b.conf"), text)).configuration();
  }

  @Test
  void shouldCountOnWhereAListenerOrARuleKeepsItsName() throws Exception {
    Places before = counters.assign(load(BEFORE), new int[0], 1, 1);
    area.decisions().count(before.rule(0, 1), Decision.BLOCK);
    area.decisions().count(before.rule(0, -1), Decision.BLOCK);
    area.decisions().count(before.noAcl(), Decision.PASS);
    Places after = counters.assign(load(AFTER), new int[0], 2, 1);
    assertThat(after.listeners()[1]).isEqualTo(before.listeners()[1]);
    assertThat(after.listeners()[0]).isNotIn(before.listeners()[0], before.listeners()[1]);
    assertThat(after.noAcl()).isEqualTo(before.noAcl());
    assertThat(after.rule(1, 0)).isEqualTo(before.rule(0, 1));
    assertThat(after.rule(1, 2)).isEqualTo(before.rule(0, 0));
    assertThat(after.rule(1, -1)).isEqualTo(before.rule(0, -1));
    area.decisions().count(after.rule(1, 0), Decision.PASS);
    int two = counters.rules().get(new RuleName("office", "two"));
    assertThat(area.decisions().get(two, Decision.BLOCK)).isEqualTo(1);
    assertThat(area.decisions().get(two, Decision.PASS)).isEqualTo(1);
    assertThat(area.decisions().get(two, Decision.LIMITED)).isZero();
    assertThat(counters.rules())
        .containsOnlyKeys(
            new RuleName("-", "-"),
            new RuleName("office", "one"),
            new RuleName("office", "two"),
            new RuleName("office", "new"),
            new RuleName("office", "-"),
            new RuleName("home", "two"),
            new RuleName("home", "-"),
            new RuleName("other", "other"))
        .containsEntry(new RuleName("other", "other"), AclCounters.OTHER);
    assertThat(counters.listeners()).containsOnlyKeys("a", "b", "c");
  }

  @Test
  void shouldBringThePlacesToTheWorkersAsTheyAre() throws Exception {
    Configuration configuration = load(AFTER);
    Epoch epoch = new Epoch(7, configuration, counters.assign(configuration, new int[0], 7, 7));
    byte[] bytes = EpochCodec.encode(epoch, 0);
    Epoch read = EpochCodec.decode(ByteBuffer.wrap(bytes), null).getFirst();
    assertThat(read.number()).isEqualTo(7);
    assertThat(read.configuration()).isEqualTo(configuration.withoutNetworks());
    assertThat(read.places().listeners()).isEqualTo(epoch.places().listeners());
    assertThat(read.places().rules()).isDeepEqualTo(epoch.places().rules());
    assertThat(read.places().noAcl()).isEqualTo(epoch.places().noAcl());
  }

  @Test
  void shouldRefuseAnEpochThatIsCutOrNamesNoPlace() throws Exception {
    Configuration configuration = load(BEFORE);
    byte[] bytes =
        EpochCodec.encode(
            new Epoch(1, configuration, counters.assign(configuration, new int[0], 1, 1)), 0);
    for (int length = 0; length < bytes.length; length++) {
      ByteBuffer cut = ByteBuffer.wrap(bytes, 0, length).slice();
      assertThatThrownBy(() -> EpochCodec.decode(cut, null))
          .isInstanceOf(ConfigCodecException.class);
    }
    bytes[bytes.length - 2] = 0x7f;
    bytes[bytes.length - 3] = 0x7f;
    assertThatThrownBy(() -> EpochCodec.decode(ByteBuffer.wrap(bytes), null))
        .hasMessageContaining("there is no place");
  }
}
