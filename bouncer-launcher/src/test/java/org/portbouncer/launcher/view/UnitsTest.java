package org.portbouncer.launcher.view;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1024, 1.0 KiB",
    "1536, 1.5 KiB",
    "1048575, 1.0 MiB",
    "1073741824, 1.0 GiB",
    "9223372036854775807, 8.0 EiB",
  })
  void shouldWriteBytesReadably(long bytes, String text) {
    assertThat(Units.bytes(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0ms",
    "999, 999ms",
    "1000, 1.0s",
    "9999, 9.9s",
    "10000, 10s",
    "59999, 59s",
    "61500, 1m01s",
    "3725000, 1h02m",
    "90000000, 1d01h",
  })
  void shouldWriteTimesReadably(long millis, String text) {
    assertThat(Units.millis(millis)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "0, no limit",
    "1, 1 B/s",
    "125, 1 kbit/s",
    "1000000, 8 Mbit/s",
    "1048576, 1 MiB/s",
    "1572864, 1536 KiB/s",
    "1250000000, 10 Gbit/s",
  })
  void shouldWriteRatesExactly(long rate, String text) {
    assertThat(Units.rate(rate)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0, 0 sessions", "1, 1 session", "2, 2 sessions"})
  void shouldCount(long count, String text) {
    assertThat(Units.count(count, "session")).isEqualTo(text);
  }
}
