package org.portbouncer.launcher.cli;

import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How often something is looked at: "2" or "0.5" seconds. */
final class SecondsText implements ITypeConverter<Duration> {

  private static final double LEAST = 0.1;
  private static final double MOST = 3600;

  @Override
  public Duration convert(String value) {
    double seconds = value.matches("[0-9]{1,4}(\\.[0-9]{1,3})?") ? Double.parseDouble(value) : 0;
    if (seconds < LEAST || seconds > MOST) {
      throw new TypeConversionException("'" + value + "' is no number of seconds, 0.1 to 3600");
    }
    return Duration.ofMillis(Math.round(1000 * seconds));
  }
}
