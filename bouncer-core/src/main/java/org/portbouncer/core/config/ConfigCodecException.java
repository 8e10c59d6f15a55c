package org.portbouncer.core.config;

import java.io.IOException;

/** Bytes that are not an encoded configuration, or not one of this version. */
public final class ConfigCodecException extends IOException {

  private static final long serialVersionUID = 1L;

  /** With what is wrong. */
  public ConfigCodecException(String message) {
    super(message);
  }

  /** With what is wrong, and why. */
  public ConfigCodecException(String message, Throwable cause) {
    super(message, cause);
  }
}
