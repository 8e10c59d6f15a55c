package org.portbouncer.launcher.admin;

import org.portbouncer.config.Quantities;
import org.portbouncer.core.config.InvalidValueException;

/** The rates that {@code limit} takes: those of the configuration, and "none". */
public final class RateText {

  private static final String NONE = "none";

  private RateText() {}

  /**
   * Bytes per second; 0 for "none".
   *
   * @throws InvalidValueException for anything else
   */
  public static long bytesPerSecond(String text) {
    if (text.strip().equals(NONE)) {
      return 0;
    }
    try {
      return Quantities.bytesPerSecond(text);
    } catch (InvalidValueException e) {
      // Its hint is for who writes a file.
      throw new InvalidValueException(
          e.getMessage().replace("leave the key out for no limit", "'none' is no limit"));
    }
  }
}
