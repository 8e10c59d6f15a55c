package org.portbouncer.launcher.admin;

import java.util.Locale;

/** What makes a session stand before others in the answer to {@code top}. */
public enum SessionOrder {
  /** Bytes moved since the request before on the same connection. */
  RATE,

  /** Bytes moved since it began. */
  BYTES,

  /** Time since the accept. */
  AGE,

  /** Time since a byte last moved. */
  IDLE;

  /** As requests write it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
