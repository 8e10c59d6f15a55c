package org.portbouncer.core.control;

/**
 * What the mother may say to a worker, over the worker's standard input, a SOCK_SEQPACKET pair; the
 * codes are the first byte of a packet. The worker ends where a packet does not fit this table.
 * {@link Orders} writes them, {@link OrderReader} reads them; START is {@code WorkerStart}'s.
 *
 * <pre>
 *               when           fields; descriptors
 *   START       once, first    build u32 (Build), stage u8, index u16, place u16, batch u16, flags u8 (1 access
 *                              log, 2 state slots, 4 calls), form of access log lines u8 (LogForm), next inboxes u16;
 *                              shared area, access log, state slots and where the next server asks for sessions
 *                              (OrphanLink) where there are any, own inbox (read), next inboxes (write)
 *   CONFINE     once, before   a filter of system calls, put on before the inbox is read
 *               CONFIG
 *   KEEP        once, before   a filter of system calls for the keeper, none for no filter; what the keeper reads, to end
 *               CONFIG         with it. To io alone: see Keeper
 *   CONFIG      any time       length u32, number u32 of the newest; epochs, as EpochCodec has them, oldest first,
 *                              and for acl a RuleMemory for each of them that has rules; the first CONFIG has all
 *                              that sessions refer to
 *   SECRETS     any time       number u32 of the first epoch that they serve, the others are later ones; ChainSecrets.
 *                              To connect alone, before the CONFIG that has this epoch
 *   WITHDRAW    after CONFIG   epoch u32: it was handed over, and will not come into force
 *   RETIRE      after CONFIG   oldest epoch in set-up u32, count u16, at least 1, epochs in use u32 each, ascending:
 *                              no session refers to others that are older than the last of them
 *   LOOK        any time       end those of your sessions that are marked in the session table
 *   END_ALL     any time       result u8 (Result.code): every session held ends with it
 *   ACCESS_LOG  any time       form u8 (LogForm); none, or where to write from now on
 *   LEVEL       any time       level u8 (ServerLog.Level): say nothing that matters less
 *   CLASSES     any time       bandwidth classes have changed: look at the ClassBoard
 *   STOP        any time, also end
 *               before START
 *   LANES       any time       version u32, count u16, a number u32 each; the next inboxes from now on. To
 *                              bandwidth alone, which gets none with START
 *   LEFT        once           limit in ms u32, 0 for none: the mother ends, and you go on with what you hold, for so
 *                              long. Another may have the link after her
 *   DRAIN       once           take no new sessions; end when none is left. An io worker reads its inbox to the
 *                              end: nobody writes to it any more
 *   MOVE        once           end as soon as all that you forward can go on without you. To io alone, which has a
 *                              keeper; after DRAIN too
 *   SYNC        any time, also token u32: say when all that was received is dealt with
 *               before START
 * </pre>
 */
public enum Order {
  START(1, When.ONCE, 2, 253),
  CONFINE(2, When.ONCE_BEFORE_CONFIG, 0, 0),
  CONFIG(3, When.ANY, 1, 253),
  RETIRE(4, When.AFTER_CONFIG, 0, 0),
  LOOK(5, When.ANY, 0, 0),
  END_ALL(6, When.ANY, 0, 0),
  ACCESS_LOG(7, When.ANY, 0, 1),
  LEVEL(8, When.ANY, 0, 0),
  CLASSES(9, When.ANY, 0, 0),
  STOP(10, When.ANY, 0, 0),
  LANES(11, When.ANY, 0, 253),
  DRAIN(12, When.ONCE, 0, 0),
  SYNC(13, When.ANY, 0, 0),
  WITHDRAW(14, When.AFTER_CONFIG, 0, 0),
  LEFT(15, When.ONCE, 0, 0),
  KEEP(16, When.ONCE_BEFORE_CONFIG, 1, 1),
  MOVE(17, When.ONCE, 0, 0),
  SECRETS(18, When.ANY, 0, 0);

  /** Its turn, in the life of a worker. */
  enum When {
    ANY,
    ONCE,
    ONCE_BEFORE_CONFIG,
    AFTER_CONFIG
  }

  private static final Order[] BY_CODE = new Order[19];

  static {
    for (Order order : values()) {
      BY_CODE[order.code] = order;
    }
  }

  private final int code;
  private final When when;
  private final int fewest;
  private final int most;

  Order(int code, When when, int fewest, int most) {
    this.code = code;
    this.when = when;
    this.fewest = fewest;
    this.most = most;
  }

  public int code() {
    return code;
  }

  When when() {
    return when;
  }

  /** Whether it comes with so many descriptors. */
  boolean takes(int descriptors) {
    return descriptors >= fewest && descriptors <= most;
  }

  /** The order with this code, or null where there is none. */
  static Order of(int code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
  }
}
