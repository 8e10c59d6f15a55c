package org.portbouncer.core.control;

/**
 * What mother and worker say to each other over the worker's standard input, a SOCK_SEQPACKET pair.
 * The first byte of a packet is the ordinal. A packet that does not fit this table ends the link:
 * the mother replaces the worker, the worker ends.
 *
 * <pre>
 *   mother to worker
 *   START       once, first      stage u8, index u16, place u16, batch u16, flags u8 (1 access log, 2 state
 *                                slots), form of access log lines u8 (LogForm); descriptors: shared area,
 *                                access log and state slots where there are any, own inbox (read), next
 *                                inboxes (write)
 *   CONFINE     at most once,    a filter of system calls, put on before the inbox is read
 *               before CONFIG
 *   CONFIG      any time         length u32; descriptor: epochs, as EpochCodec has them, oldest first; the first
 *                                CONFIG has all that sessions refer to
 *   RETIRE      any time         oldest epoch in set-up u32, count u16, epochs in use u32 each, ascending:
 *                                no session refers to others that are older than the last of them
 *   LOOK        any time         end those of your sessions that are marked in the session table
 *   END_ALL     any time         result u8: every session held ends with it
 *   ACCESS_LOG  any time         form u8 (LogForm); descriptor: write there from now on
 *   LEVEL       any time         level u8 (ServerLog): say nothing that matters less
 *   CLASSES     any time         bandwidth classes have changed: look at the ClassBoard
 *   STOP        once, last       end
 *   LANES       any time         version u32, count u16, a number u32 each; descriptors: the next inboxes from
 *                                now on. To bandwidth alone, which gets none with START
 *   DRAIN       once             take no new sessions; end when none is left. An io worker reads its inbox
 *                                to the end: nobody writes to it any more
 *   SYNC        any time         token u32: say when all that was received is dealt with
 *   worker to mother
 *   READY       once             u32, always 0: the inbox is being read
 *   EPOCH       any time         epoch u32: it is known now
 *   LANES       to each LANES    its version u32: inboxes that it does not have are closed
 *   LOG         any time         level u8, text
 *   SYNCED      to each SYNC     its token u32: what was received before is claimed, and what left is in
 *                                an inbox
 *   MARK        any time         token u32: a mark was read from the inbox
 * </pre>
 */
public enum ControlMessage {
  START,
  CONFINE,
  CONFIG,
  RETIRE,
  LOOK,
  END_ALL,
  ACCESS_LOG,
  LEVEL,
  CLASSES,
  STOP,
  LANES,
  DRAIN,
  SYNC,
  READY,
  EPOCH,
  LOG,
  SYNCED,
  MARK;

  /** The longest packet. */
  public static final int MAX_BYTES = 16 * 1024;

  private static final ControlMessage[] ALL = values();

  /** The message with this ordinal, or null where there is none. */
  public static ControlMessage of(int ordinal) {
    return ordinal >= 0 && ordinal < ALL.length ? ALL[ordinal] : null;
  }
}
