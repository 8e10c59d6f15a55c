package org.portbouncer.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {

  // 2026-11-16 is a Monday.
  @ParameterizedTest
  @CsvSource({
    "Mon-Fri 07:00-19:00 Europe/Oslo, 2026-11-16T06:00:00Z, true",
    "Mon-Fri 07:00-19:00 Europe/Oslo, 2026-11-16T05:59:59.999Z, false",
    "Mon-Fri 07:00-19:00 Europe/Oslo, 2026-11-16T18:00:00Z, false",
    "Mon-Fri 07:00-19:00 Europe/Oslo, 2026-11-21T12:00:00Z, false",
    "Mon;Wed;Fri, 2026-11-18T00:00:00Z, true",
    "Fri-Mon, 2026-11-22T12:00:00Z, true",
    "Fri-Mon, 2026-11-16T23:59:59Z, true",
    "Fri-Mon, 2026-11-17T00:00:00Z, false",
    "Mon 22:00-06:00, 2026-11-16T22:00:00Z, true",
    "Mon 22:00-06:00, 2026-11-17T05:59:00Z, true",
    "Mon 22:00-06:00, 2026-11-17T06:00:00Z, false",
    "Mon 22:00-06:00, 2026-11-16T01:00:00Z, false",
    "Sun 22:00-06:00, 2026-11-16T01:00:00Z, true",
    "20:00-24:00, 2026-11-16T23:59:59Z, true",
    "20:00-24:00, 2026-11-17T00:00:00Z, false",
    "00:00-24:00, 2026-11-17T00:00:00Z, true",
    "mon 08:00-09:00 +02:00; tue 10:00-11:00, 2026-11-16T06:30:00Z, true",
    "mon 08:00-09:00 +02:00; tue 10:00-11:00, 2026-11-17T10:30:00Z, true",
    "mon 08:00-09:00 +02:00; tue 10:00-11:00, 2026-11-16T08:30:00Z, false"
  })
  void shouldMatchWhenWindowIsOpen(String text, String at, boolean expected) {
    Schedule schedule = Schedule.parse(text, ZoneOffset.UTC);
    assertThat(schedule.matches(Instant.parse(at))).isEqualTo(expected);
  }

  @Test
  void shouldReadListsOfDaysWhenSeparatedByCommas() {
    Schedule schedule = Schedule.parse("Mon,Wed-Thu 08:00-09:00", ZoneOffset.UTC);
    assertThat(schedule.matches(Instant.parse("2026-11-16T08:00:00Z"))).isTrue();
    assertThat(schedule.matches(Instant.parse("2026-11-17T08:00:00Z"))).isFalse();
    assertThat(schedule.matches(Instant.parse("2026-11-18T08:00:00Z"))).isTrue();
    assertThat(schedule.matches(Instant.parse("2026-11-19T08:00:00Z"))).isTrue();
    assertThat(schedule.text()).isEqualTo("Mon,Wed-Thu 08:00-09:00");
  }

  @Test
  void shouldFollowTheWallClockWhenDaylightSavingChanges() {
    Schedule morning = Schedule.parse("07:00-08:00 Europe/Oslo", ZoneOffset.UTC);
    assertThat(morning.matches(Instant.parse("2026-03-28T06:30:00Z"))).isTrue();
    assertThat(morning.matches(Instant.parse("2026-03-29T05:30:00Z"))).isTrue();
    assertThat(morning.matches(Instant.parse("2026-03-29T06:30:00Z"))).isFalse();
  }

  @Test
  void shouldNeverMatchSkippedHoursAndMatchRepeatedOnesTwice() {
    Schedule night = Schedule.parse("02:00-03:00 Europe/Oslo", ZoneOffset.UTC);
    assertThat(night.matches(Instant.parse("2026-03-29T00:59:59Z"))).isFalse();
    assertThat(night.matches(Instant.parse("2026-03-29T01:00:00Z"))).isFalse();
    assertThat(night.matches(Instant.parse("2026-10-25T00:30:00Z"))).isTrue();
    assertThat(night.matches(Instant.parse("2026-10-25T01:30:00Z"))).isTrue();
    assertThat(night.matches(Instant.parse("2026-10-25T02:00:00Z"))).isFalse();
  }

  @Test
  void shouldUseTheGivenZoneWhenNoneIsNamed() {
    Schedule schedule = Schedule.parse("07:00-08:00", ZoneId.of("Asia/Tokyo"));
    assertThat(schedule.matches(Instant.parse("2026-11-15T22:30:00Z"))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ";",
        "Mon;",
        "Europe/Oslo",
        "Mon-Fry",
        "07:00",
        "07:00-07:00",
        "7-19",
        "24:00-25:00",
        "24:00-08:00",
        "07:60-08:00",
        "Mon 07:00-19:00 Europe/Oslo now",
        "07:00-08:00 Mon",
        "Mon,,Tue",
        "-",
        "Mon-"
      })
  void shouldRefuseWhenTextIsNoSchedule(String text) {
    assertThatThrownBy(() -> Schedule.parse(text)).isInstanceOf(InvalidValueException.class);
  }

  @Test
  void shouldNameTheNearestZoneWhenUnknown() {
    assertThatThrownBy(() -> Schedule.parse("Mon 07:00-19:00 Europe/Olso"))
        .hasMessage("'Europe/Olso' is not a known time zone, did you mean 'Europe/Oslo'?");
  }
}
