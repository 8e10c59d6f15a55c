package org.portbouncer.core.shared;

import org.portbouncer.core.session.StageId;
import org.portbouncer.core.sys.SockAddr;

/**
 * How a record of the {@link SessionTable} lies in shared memory: each offset follows from what
 * comes before it. In every process.
 *
 * <pre>
 *    0 word u64        owner pid 24 | generation 24 | phase 4 | stage 4 | unwanted 8   (high to low);
 *                      of phase and stage the code, stage 0 while it is at none
 *    8 id u64
 *   16 accepted u64, CLOCK_MONOTONIC ns       24 accepted u64, wall clock ms
 *   32 epoch u32      36 listener u16         38 endpoint u16
 *   40 slot u16       42 rule s16             44 bandwidth s16      46 transfer u8   47 route u8
 *   48 state bytes u32                        52 set-up µs u32, 0 while it lasts
 *   56 client 28                              84 local 28
 *  112 hops, 5 × (pid u32, received µs u32); before it is received: 0 and when it was sent
 *  152 held of the rule u64                  160 held of the source u64: see LimitTable, 0 none
 *  168 held of the bucket u64: see BucketTable, 0 none
 *  176 taken up u32, down u32: bytes of the bucket, the highest bit set while the session is in line
 *  184 state slot u32, 0 is none, else its number and 1
 *  188 outcome u32: errno 8 | cause 8 | term 8 | result 8 (high to low), result 0 while it lives
 *  192 bytes up u64  200 bytes down u64       208 last activity u64, CLOCK_MONOTONIC ns
 *  216 throttled u64, ns, both ways           224 bucket of its own: up 16, down 16, see Line
 *  256 route 64, where there is more to say than client and target: see SessionRoute; 47 says what
 *  320 flow 64, what another io worker needs to go on with it: see SessionFlow
 *
 *  behind all records, 32 for each: datagrams up u64, down u64, dropped u64
 * </pre>
 */
final class RecordLayout {

  static final Layout LAYOUT = new Layout("a session's record");

  static final int WORD = LAYOUT.u64("word");
  static final int ID = LAYOUT.u64("id");
  static final int ACCEPTED = LAYOUT.u64("accepted");
  static final int ACCEPTED_WALL = LAYOUT.u64("accepted, wall clock");
  static final int EPOCH = LAYOUT.u32("epoch");
  static final int LISTENER = LAYOUT.u16("listener");
  static final int ENDPOINT = LAYOUT.u16("endpoint");
  static final int SLOT = LAYOUT.u16("slot");
  static final int RULE = LAYOUT.u16("rule");
  static final int BANDWIDTH = LAYOUT.u16("bandwidth");
  static final int TRANSFER = LAYOUT.u8("transfer");
  static final int ROUTE_FLAGS = LAYOUT.u8("route flags");
  static final int STATE_BYTES = LAYOUT.u32("state bytes");
  static final int SETUP_US = LAYOUT.u32("set-up");
  static final int CLIENT = LAYOUT.bytes("client", SockAddr.BYTES);
  static final int LOCAL = LAYOUT.bytes("local", SockAddr.BYTES);

  /** Of each stage who received it, and {@link #HOP_TIME} behind that when. */
  static final int HOPS = LAYOUT.u64s("hops", StageId.values());

  static final int HOP_TIME = Integer.BYTES;

  static final int HELD = LAYOUT.u64s("held of limits", Limit.Per.values());
  static final int HELD_BUCKET = LAYOUT.u64("held of a bucket");
  static final int TAKEN = LAYOUT.u32s("taken", Way.COUNT);
  static final int STATE_SLOT = LAYOUT.u32("state slot");
  static final int OUTCOME = LAYOUT.u32("outcome");

  static {
    if (HELD_BUCKET != HELD + Long.BYTES * BucketTable.HELD) {
      throw new AssertionError("a session holds something else before its bucket");
    }
    LAYOUT.cacheLine();
  }

  static final int BYTES_UP = LAYOUT.u64("bytes up");
  static final int BYTES_DOWN = LAYOUT.u64("bytes down");
  static final int ACTIVITY = LAYOUT.u64("activity");
  static final int THROTTLED = LAYOUT.u64("throttled");
  static final int OWN_LINES = LAYOUT.bytes("own lines", Line.BYTES * Way.COUNT);

  static {
    LAYOUT.cacheLine();
  }

  static final int ROUTE = LAYOUT.bytes("route", SessionRoute.BYTES);

  static {
    LAYOUT.cacheLine();
  }

  static final int FLOW = LAYOUT.bytes("flow", SessionFlow.BYTES);

  static final int RECORD = LAYOUT.end();

  /** Behind all records, one for each, of sessions of datagrams alone. */
  static final Layout BEHIND = new Layout("what is counted of a session's datagrams");

  static final int DATAGRAMS_UP = BEHIND.u64("up");
  static final int DATAGRAMS_DOWN = BEHIND.u64("down");
  static final int DATAGRAMS_DROPPED = BEHIND.u64("dropped");

  /** Half a cache line. */
  static final int DATAGRAMS = BEHIND.within(32);

  private RecordLayout() {}
}
