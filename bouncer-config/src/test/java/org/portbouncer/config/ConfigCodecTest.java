package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.ConfigCodec;
import org.portbouncer.core.config.ConfigCodecException;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.RuleMemory;

class ConfigCodecTest {

  static final String FULL =
      """
      bouncer {
        listeners {
          web { listen = ["127.0.0.1:8080", "[::1]:8080", "unix:w.sock"], target = "a.example:80",
            acl = office, bandwidth = slow, timeouts { idle = 10m },
      keep-alive { idle = 60s, interval = 10s, count = 6 }, user-timeout = 90s }
          any { listen = "*:9", target = "internal:echo" }
          dns { listen = "udp:*:9", target = ["udp:a:1", "udp:b:2"], answers = 3, timeouts.udp = 7s }
        }
        acls { office = [
          { name = noisy, action = block, from = "10.9.0.0/16", log = [connect] }
          { action = pass, from = ["10.0.0.0/8", "2001:db8::/32"], from-port = ["1024-65535", 80],
            when = "Mon-Fri 07:00-19:00 Europe/Oslo; Sat", bandwidth = slow, max-sessions = 100,
            max-sessions-per-source = 5, rate = "50/1s", rate-per-source = "3/10s" } ] }
        bandwidth { slow { up = "1 MiB/s", down = "8 Mbit/s", shared-by = source }
          wide { up = "1 Gbit/s", burst = 1 MiB } }
        state-transfer { mode = file-fd, file-fd { backing = "directory:x" }, shm { slots = 100 },
          padding = 1 KiB }
        metrics { listen = "127.0.0.1:9464" }
        log { levels { io = debug, "org.portbouncer.launcher" = warn }
          access { to = "file:a.log", format = json } }
        user = nobody
        confine = false
      }
      """;

  @TempDir Path folder;

  private LoadResult loaded;

  private Configuration full() throws IOException {
    loaded = ConfigLoader.load(Files.writeString(folder.resolve("full.conf"), FULL));
    assertThat(loaded.problems()).noneMatch(Problem::isError);
    return loaded.configuration();
  }

  @AfterEach
  void giveBack() {
    loaded.close();
  }

  @Test
  void shouldBeEqualWhenDecodedAgain() throws IOException {
    Configuration configuration = full();
    byte[] bytes = ConfigCodec.encode(configuration);
    ByteBuffer buffer =
        ByteBuffer.allocateDirect(bytes.length + 3).position(3).put(bytes).position(3);
    loaded.rules().seal();
    try (RuleMemory rules = RuleMemory.open(loaded.rules().fd(), loaded.rules().length())) {
      assertThat(ConfigCodec.decode(buffer, rules)).isEqualTo(configuration);
    }
    assertThat(buffer.position()).isEqualTo(3);
    assertThat(ConfigCodec.decode(buffer)).isEqualTo(configuration.withoutNetworks());
  }

  @Test
  void shouldRefuseWhenCutAnywhereOrTooLong() throws IOException {
    byte[] bytes = ConfigCodec.encode(full());
    for (int length = 0; length < bytes.length; length++) {
      ByteBuffer cut = ByteBuffer.wrap(bytes, 0, length);
      assertThatThrownBy(() -> ConfigCodec.decode(cut)).isInstanceOf(ConfigCodecException.class);
    }
    ByteBuffer tooLong = ByteBuffer.wrap(Arrays.copyOf(bytes, bytes.length + 1));
    assertThatThrownBy(() -> ConfigCodec.decode(tooLong)).isInstanceOf(ConfigCodecException.class);
  }

  @Test
  void shouldRefuseWhenVersionIsAnother() throws IOException {
    byte[] bytes = ConfigCodec.encode(full());
    bytes[4]++;
    assertThatThrownBy(() -> ConfigCodec.decode(ByteBuffer.wrap(bytes)))
        .isInstanceOf(ConfigCodecException.class)
        .hasMessageContaining("this is version " + (bytes[4] - 1));
  }

  @Test
  void shouldThrowNothingElseWhenBytesAreRandomOrMutated() throws IOException {
    long seed = System.nanoTime();
    System.out.println("ConfigCodecTest seed " + seed);
    Random random = new Random(seed);
    byte[] valid = ConfigCodec.encode(full());
    int refused = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes;
      if (round % 10 == 0) {
        bytes = new byte[random.nextInt(300)];
        random.nextBytes(bytes);
        System.arraycopy(valid, 0, bytes, 0, Math.min(bytes.length, random.nextInt(6)));
      } else {
        bytes = valid.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
          bytes[random.nextInt(bytes.length)] =
              (byte) (random.nextBoolean() ? -1 : random.nextInt());
        }
      }
      try {
        assertThat(ConfigCodec.decode(ByteBuffer.wrap(bytes), loaded.rules())).isNotNull();
      } catch (ConfigCodecException e) {
        refused++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + ", round " + round, e);
      }
    }
    assertThat(refused).isPositive();
  }
}
