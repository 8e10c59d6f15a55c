package org.portbouncer.launcher.bench;

import java.util.Arrays;
import java.util.List;

/**
 * The ways of handing a state over that `bench hop` compares. The first, the file ones and `shm`
 * are the server's own; the others are the article's, and live in the benchmark alone.
 */
public enum HopMode {
  INLINE("inline"),
  INLINE_GZIP("inline-gzip"),
  FILE_FD("file-fd"),
  FILE_MEMFD("file-memfd"),
  SHM("shm"),
  SHM_FCNTL("shm-fcntl"),
  SHM_LOCK("shm-lock");

  /** A mode that takes milliseconds for a message is measured over fewer and scaled. */
  private static final int GZIP_SHARE = 50;

  private static final int GZIP_LEAST = 2000;

  private final String text;

  HopMode(String text) {
    this.text = text;
  }

  /** The name in options, tables and JSON. */
  public String text() {
    return text;
  }

  /** Whether the two processes share memory. */
  boolean hasMemory() {
    return this == SHM || this == SHM_FCNTL || this == SHM_LOCK;
  }

  /** How many messages a run of {@code messages} sends in this mode. */
  public int measured(int messages) {
    return this == INLINE_GZIP
        ? Math.min(messages, Math.max(GZIP_LEAST, messages / GZIP_SHARE))
        : messages;
  }

  /** All, in the order of the contract. */
  public static List<HopMode> all() {
    return Arrays.asList(values());
  }

  /** The mode of this name, or null. */
  public static HopMode of(String text) {
    for (HopMode mode : values()) {
      if (mode.text.equals(text)) {
        return mode;
      }
    }
    return null;
  }
}
