package org.portbouncer.core.session;

import org.portbouncer.core.sys.Coded;

/**
 * The five stages in the order in which every session passes them. The ordinal is the hop's number;
 * other processes see the code.
 */
public enum StageId implements Coded {
  NEGOTIATE(1),
  ACL(2),
  CONNECT(3),
  BANDWIDTH(4),
  IO(5);

  private static final StageId[] ALL = values();

  private final int code;
  private final String text = name().toLowerCase(java.util.Locale.ROOT);

  StageId(int code) {
    this.code = code;
  }

  /** The name in configuration, logs, metrics and JSON. */
  public String text() {
    return text;
  }

  public static int count() {
    return ALL.length;
  }

  /** As it travels on a control link and stands in shared memory; a later stage's is higher. */
  @Override
  public int code() {
    return code;
  }

  /** The stage with this code, or null where there is none. */
  public static StageId withCode(int code) {
    for (StageId stage : ALL) {
      if (stage.code == code) {
        return stage;
      }
    }
    return null;
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
