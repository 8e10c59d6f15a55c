package org.portbouncer.core.shared;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.BeforeEach;
import org.portbouncer.core.config.Rate;

/** Tests of a table of limits, beside a table of sessions whose records count in it. */
abstract class LimitTableCase {

  static final int CAPACITY = 4096;
  static final int PID = 17;
  static final long MS = 1_000_000;

  final Set<Integer> dead = ConcurrentHashMap.newKeySet();
  MemorySegment memory;
  SessionTable sessions;
  RecordAllocator records;
  LimitTable table;

  @BeforeEach
  void create() {
    sessions = new SessionTable(memory(SessionTable.bytes(CAPACITY)), CAPACITY);
    sessions.initialize();
    records = new RecordAllocator(sessions, 1);
    memory = memory(LimitTable.bytes(CAPACITY));
    table = new LimitTable(memory, sessions, HashKey.random(), dead::contains);
  }

  static MemorySegment memory(long bytes) {
    return Arena.ofAuto().allocate(bytes, 64);
  }

  static Limit perRule(int max, Rate rate) {
    return Limit.of("office", "staff", Limit.Per.RULE, max, rate);
  }

  void end(int record) {
    table.release(record, PID);
    sessions.free(record);
  }
}
