package org.portbouncer.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.core.config.InvalidValueException;
import org.portbouncer.core.config.PortRange;
import org.portbouncer.core.config.Rate;

class QuantitiesTest {

  @ParameterizedTest
  @CsvSource({
    "1 kbit/s,125", "8 Mbit/s,1000000", "10 Gbit/s,1250000000", "8 bit/s,1", "1.5 Mbit/s,187500",
        "1 B/s,1",
    "1 KiB/s,1024", "1MiB/s,1048576", "1 GiB/s,1073741824", "1 kB/s,1000", "3 MB/s,3000000",
        "1000 GB/s,1000000000000"
  })
  void shouldBeExactWhenRateIsRead(String text, long expected) {
    assertThat(Quantities.bytesPerSecond(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "MiB/s",
        "-1 B/s",
        "1 mib/s",
        "0 B/s",
        "9 bit/s",
        "1001 GB/s",
        "99999999999999999999 B/s",
        "1e9 B/s",
        "1. B/s",
        "1 B",
        "999999999999999999 GB/s"
      })
  void shouldRefuseWhenRateIsNone(String text) {
    assertThatThrownBy(() -> Quantities.bytesPerSecond(text))
        .isInstanceOf(InvalidValueException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "10s,10000",
    "500ms,500",
    "10 m,600000",
    "1h,3600000",
    "0s,0",
    "0,0",
    "1.5s,1500",
    "2 days,172800000"
  })
  void shouldBeMillisecondsWhenDurationIsRead(String text, long expected) {
    assertThat(Quantities.durationMs(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"10", "-1s", "s", "1 parsec", "0.5ms", "4000d", "10s10s"})
  void shouldRefuseWhenDurationIsNone(String text) {
    assertThatThrownBy(() -> Quantities.durationMs(text)).isInstanceOf(InvalidValueException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "65536,65536",
    "64 KiB,65536",
    "1kB,1000",
    "16 MiB,16777216",
    "1 GiB,1073741824"
  })
  void shouldBeBytesWhenSizeIsRead(String text, long expected) {
    assertThat(Quantities.sizeBytes(text)).isEqualTo(expected);
  }

  @Test
  void shouldReadCountAndPeriodWhenRateOfSessions() {
    assertThat(Quantities.sessionRate("50/1s")).isEqualTo(new Rate(50, 1000));
    assertThat(Quantities.sessionRate("3 / 10s")).isEqualTo(new Rate(3, 10_000));
  }

  @ParameterizedTest
  @ValueSource(strings = {"50", "/1s", "0/1s", "5/0s", "5/", "-5/1s", "5/1", "9999999999/1s"})
  void shouldRefuseWhenRateOfSessionsIsNone(String text) {
    assertThatThrownBy(() -> Quantities.sessionRate(text))
        .isInstanceOf(InvalidValueException.class);
  }

  @Test
  void shouldReadPortsWhenOneOrARange() {
    assertThat(Quantities.ports("80")).isEqualTo(new PortRange(80, 80));
    assertThat(Quantities.ports("1024-65535")).isEqualTo(new PortRange(1024, 65535));
    assertThatThrownBy(() -> Quantities.ports("90-80")).hasMessageContaining("80-90 was meant");
    assertThatThrownBy(() -> Quantities.ports("65536")).isInstanceOf(InvalidValueException.class);
    assertThatThrownBy(() -> Quantities.ports("-")).isInstanceOf(InvalidValueException.class);
  }

  @Test
  void shouldChooseTheAdminSocketByWhoRuns() {
    assertThat(AdminDefaults.socketPath("0", false, null)).isEqualTo("/run/bouncer/admin.sock");
    assertThat(AdminDefaults.socketPath("7", true, null)).isEqualTo("/run/bouncer/admin.sock");
    assertThat(AdminDefaults.socketPath("7", false, "/run/user/7"))
        .isEqualTo("/run/user/7/bouncer/admin.sock");
    assertThat(AdminDefaults.socketPath("7", false, null)).isEqualTo("/tmp/bouncer-7/admin.sock");
  }

  @Test
  void shouldLookForTheServiceWhenTheUserHasNoServerOfTheirOwn() {
    String own = "/tmp/bouncer-7/admin.sock";
    assertThat(AdminDefaults.commandSocketPath(own, true, true)).isEqualTo(own);
    assertThat(AdminDefaults.commandSocketPath(own, false, false)).isEqualTo(own);
    assertThat(AdminDefaults.commandSocketPath(own, false, true))
        .isEqualTo("/run/bouncer/admin.sock");
  }
}
