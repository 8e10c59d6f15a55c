package org.portbouncer.core.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SystemZoneTest {

  private static final long NOW = Instant.parse("2026-11-21T08:00:00Z").getEpochSecond();

  private static final Path ZONES = Path.of("/usr/share/zoneinfo");

  private static byte[] file(String name) throws IOException {
    return Files.readAllBytes(ZONES.resolve(name));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Europe/Oslo",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "UTC",
        "America/Sao_Paulo",
        "Pacific/Chatham",
        "Europe/Dublin",
        "Africa/Casablanca"
      })
  void shouldReadZoneFilesAsTheyAreMeant(String name) throws IOException {
    ZoneFile zone = ZoneFile.parse(file(name));
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 10_000; i++) {
      // From 1970 to 2037.
      long second = random.nextLong(0, 2_130_000_000L);
      assertThat(zone.offset(second))
          .as("%s at %d, seed %d", name, second, seed)
          .isEqualTo(
              ZoneId.of(name)
                  .getRules()
                  .getOffset(Instant.ofEpochSecond(second))
                  .getTotalSeconds());
    }
  }

  @Test
  void shouldGoByWhatTheFileHoldsAndNotByTheNameOfALinkToIt() throws IOException {
    // A file mounted over the one that /etc/localtime links to.
    SystemZone zone =
        SystemZone.find(null, file("America/New_York"), List.of("Etc/UTC", "Etc/UTC"), NOW);
    assertThat(zone).isEqualTo(new SystemZone(ZoneId.of("America/New_York"), ""));
    zone = SystemZone.find(null, file("Europe/Oslo"), List.of("Etc/UTC", "Europe/Oslo"), NOW);
    assertThat(zone.id()).isEqualTo(ZoneId.of("Europe/Oslo"));
    zone = SystemZone.find(null, file("Asia/Kolkata"), List.of("", "Etc/UTC"), NOW);
    assertThat(zone.id().getRules().getOffset(Instant.now())).hasToString("+05:30");
    assertThat(zone.doubt()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Europe/Oslo | Europe/Oslo",
        ":Europe/Oslo | Europe/Oslo",
        ":/usr/share/zoneinfo/Asia/Tokyo | Asia/Tokyo",
        "EST5EDT,M3.2.0,M11.1.0 | America/New_York",
        "<+0330>-3:30 | +03:30",
        "UTC0 | UTC",
      })
  void shouldUnderstandTheVariableAsTheCLibraryDoes(String tz, String id) {
    SystemZone zone = SystemZone.find(tz, null, List.of(), NOW);
    assertThat(zone.doubt()).isEmpty();
    ZoneId expected = ZoneId.of(id);
    for (long second = NOW; second < NOW + 40_000_000L; second += 86_400) {
      Instant at = Instant.ofEpochSecond(second);
      assertThat(zone.id().getRules().getOffset(at)).isEqualTo(expected.getRules().getOffset(at));
    }
  }

  @Test
  void shouldSaySoWhenItCannotTell() {
    assertThat(SystemZone.find("", null, List.of(), NOW).doubt()).isEmpty();
    assertThat(SystemZone.find(null, null, List.of(""), NOW).doubt()).isEmpty();
    assertThat(SystemZone.find("Nowhere/Land", null, List.of(), NOW).doubt())
        .isEqualTo("TZ=Nowhere/Land names no time zone, so the system's zone is UTC");
    assertThat(SystemZone.find(null, new byte[] {1, 2, 3}, List.of(""), NOW).doubt())
        .isEqualTo("/etc/localtime is not a time zone, so the system's zone is UTC");
    SystemZone odd = SystemZone.find("XXX-7YYY,M5.1.3,M6.2.4", null, List.of(), NOW);
    assertThat(odd.id()).isEqualTo(ZoneId.of("+07:00"));
    assertThat(odd.doubt()).contains("is none that is known here").contains("UTC+07:00");
  }

  @Test
  void shouldRefuseZoneFilesThatAreCutOffOrDamaged() throws IOException {
    byte[] whole = file("Europe/Oslo");
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      byte[] bytes = whole.clone();
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      byte[] cut = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
      // No exception, whatever comes of it.
      ZoneFile zone = ZoneFile.parse(cut);
      assertThat(zone == null || zone.offset(NOW) != Integer.MIN_VALUE)
          .as("seed %d", seed)
          .isTrue();
    }
  }
}
