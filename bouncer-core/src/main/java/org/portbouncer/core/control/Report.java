package org.portbouncer.core.control;

/**
 * What a worker may say to the mother; never with a descriptor, for which she has no room. The
 * codes are the first byte of a packet, and none of them is an {@link Order}'s. She replaces a
 * worker whose packet does not fit this table. {@link Reports} writes them, {@link ReportReader}
 * reads them.
 *
 * <pre>
 *            when                        fields
 *   WAITING  once, before READY          its build u32 (Build): one that was started for any stage waits for START
 *   READY    once                        its build u32 (Build); the inbox is being read
 *   EPOCH    to each CONFIG              number u32 of the newest in it: it is known now
 *   REFUSED  to a CONFIG, for EPOCH      number u32 of the newest in it: it cannot be taken, and nothing of it is known;
 *                                        then why, text of at most 4000 bytes
 *   LANES    to each LANES               its version u32: inboxes that it does not have are closed
 *   SYNCED   to each SYNC                its token u32: what was received before is claimed, and what left is in an
 *                                        inbox
 *   MARK     to each mark in its inbox   its token u32
 *   KEPT     to KEEP, once, before READY pid s32 of the keeper, or the negated errno
 *   LOG      any time                    level u8 (ServerLog.Level), 1 to 4, then text of at most 4000 bytes
 * </pre>
 *
 * Answers to one kind of order come in the order of the questions; one that found the link full is
 * missing.
 */
public enum Report {
  READY(65),
  EPOCH(66),
  LANES(67),
  SYNCED(68),
  MARK(69),
  LOG(70),
  REFUSED(71),
  KEPT(72),
  WAITING(73);

  private static final int FIRST = 65;

  private static final Report[] ALL = values();

  private final int code;

  Report(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }

  /** The report with this code, or null where there is none. */
  static Report of(int code) {
    int at = code - FIRST;
    return at >= 0 && at < ALL.length ? ALL[at] : null;
  }
}
