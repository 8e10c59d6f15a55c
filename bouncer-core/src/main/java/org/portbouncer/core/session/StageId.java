package org.portbouncer.core.session;

/**
 * The five stages in the order in which every session passes them. The ordinal is the hop's number
 * and the value in messages and shared memory.
 */
public enum StageId {
  NEGOTIATE,
  ACL,
  CONNECT,
  BANDWIDTH,
  IO;

  private static final StageId[] ALL = values();

  private final String text = name().toLowerCase(java.util.Locale.ROOT);

  /** The name in configuration, logs, metrics and JSON. */
  public String text() {
    return text;
  }

  public static int count() {
    return ALL.length;
  }

  /** The stage with this ordinal. */
  public static StageId of(int ordinal) {
    return ALL[ordinal];
  }

  /** The stage before this one; negotiate has none. */
  public StageId before() {
    return ALL[ordinal() - 1];
  }

  /** The stage after this one; io has none. */
  public StageId next() {
    return ALL[ordinal() + 1];
  }
}
