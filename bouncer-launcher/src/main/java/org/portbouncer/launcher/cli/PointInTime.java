package org.portbouncer.launcher.cli;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import org.portbouncer.core.sys.SystemZone;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A time as an operator writes it; without a zone it is the system's. */
final class PointInTime implements ITypeConverter<Instant> {

  @Override
  public Instant convert(String value) {
    try {
      TemporalAccessor time =
          DateTimeFormatter.ISO_DATE_TIME.parseBest(
              value.replace(' ', 'T'), ZonedDateTime::from, LocalDateTime::from);
      return time instanceof ZonedDateTime zoned
          ? zoned.toInstant()
          : ((LocalDateTime) time).atZone(SystemZone.current().id()).toInstant();
    } catch (DateTimeException e) {
      throw new TypeConversionException(
          "\"" + value + "\" is not a time; write one like 2026-11-21T08:00Z");
    }
  }
}
