package org.portbouncer.core.shared;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Tests of what a bucket lets pass, in memory and with a clock of their own. */
abstract class ThrottleCase {

  static final int CAPACITY = 4096;
  static final int PID = 17;
  static final int PLACE = 0;
  static final HashKey KEY = new HashKey(1, 2);
  static final long MS = 1_000_000;

  final SessionTable sessions = new SessionTable(memory(SessionTable.bytes(CAPACITY)), CAPACITY);
  final ClassBoard classes = new ClassBoard(memory(ClassBoard.BYTES));
  final MemorySegment memory = memory(BucketTable.bytes(CAPACITY));

  /** Two processes that look at the same memory. */
  final BucketTable[] workers = {
    new BucketTable(memory, sessions, classes, KEY, pid -> false),
    new BucketTable(memory, sessions, classes, KEY, pid -> false)
  };

  final RecordAllocator records;
  long now = 5000 * MS;

  ThrottleCase() {
    sessions.initialize();
    records = new RecordAllocator(sessions, 1);
    classes.open(PLACE);
  }

  static MemorySegment memory(long bytes) {
    return Arena.ofAuto().allocate(bytes, 64);
  }
}
