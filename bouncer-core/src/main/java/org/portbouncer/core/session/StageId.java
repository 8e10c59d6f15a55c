package org.portbouncer.core.session;

import java.util.List;
import org.portbouncer.core.sys.Coded;

/**
 * The five stages in the order in which every session passes them. The ordinal is the hop's number;
 * other processes see the code. What tells a stage from the others is said here, one property for
 * each fact that processes of several kinds go by; what its workers are started with and may call
 * is said where they are started and confined.
 */
public enum StageId implements Coded {
  NEGOTIATE(1),
  ACL(2, Trait.MATCHES_RULES),
  CONNECT(3, Trait.TOLD_SECRETS),
  BANDWIDTH(4),
  IO(5, Trait.FORWARDS, Trait.INBOX_EACH);

  /** Where every session begins. */
  public static final StageId FIRST = NEGOTIATE;

  /** Where every session stays until it ends. */
  public static final StageId LAST = IO;

  private static final StageId[] ALL = values();

  private enum Trait {
    MATCHES_RULES,
    TOLD_SECRETS,
    FORWARDS,
    INBOX_EACH
  }

  private final int code;
  private final String text = name().toLowerCase(java.util.Locale.ROOT);
  private final boolean matchesRules;
  private final boolean toldSecrets;
  private final boolean forwards;
  private final boolean inboxEach;

  StageId(int code, Trait... traits) {
    this.code = code;
    List<Trait> all = List.of(traits);
    this.matchesRules = all.contains(Trait.MATCHES_RULES);
    this.toldSecrets = all.contains(Trait.TOLD_SECRETS);
    this.forwards = all.contains(Trait.FORWARDS);
    this.inboxEach = all.contains(Trait.INBOX_EACH);
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

  /** Whether there is a stage before this one. */
  public boolean hasBefore() {
    return this != FIRST;
  }

  /** The stage before this one; the first has none. */
  public StageId before() {
    return ALL[ordinal() - 1];
  }

  /** Whether there is a stage after this one. */
  public boolean hasNext() {
    return this != LAST;
  }

  /** The stage after this one; the last has none. */
  public StageId next() {
    return ALL[ordinal() + 1];
  }

  /**
   * Whether its workers look at the networks of rules; to others they come empty, because a list of
   * them can be long.
   */
  public boolean matchesRules() {
    return matchesRules;
  }

  /** Whether its workers are told what proxies are to be told, which no other process may have. */
  public boolean toldSecrets() {
    return toldSecrets;
  }

  /**
   * Whether its sessions are set up and live: bytes pass through its workers, at the rate of a
   * bandwidth class, and others can take such a session over. It began under any configuration.
   */
  public boolean forwards() {
    return forwards;
  }

  /** Whether each of its workers reads an inbox of its own, instead of one that all share. */
  public boolean inboxEach() {
    return inboxEach;
  }

  /** Whether its workers choose, for each session, one of several inboxes of the next stage. */
  public boolean choosesInbox() {
    return hasNext() && next().inboxEach;
  }
}
