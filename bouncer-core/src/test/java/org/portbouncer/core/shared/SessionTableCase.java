package org.portbouncer.core.shared;

import static org.assertj.core.api.Assertions.assertThat;

/** Tests of the session table and the allocator of its records, in a real shared area. */
abstract class SessionTableCase {

  static final int MOTHER = 100;
  static final int WORKER = 200;

  SharedArea area = area(128);
  SessionTable table = area.sessions();
  RecordAllocator records = new RecordAllocator(table, MOTHER);

  /** Makes an area; the only place that knows how. */
  static SharedArea area(int capacity) {
    return SharedArea.create(capacity);
  }

  void resize(int capacity) {
    area = area(capacity);
    table = area.sessions();
    records = new RecordAllocator(table, MOTHER);
  }

  void end(int record) {
    assertThat(table.claimEnd(record, table.generation(record), MOTHER)).isTrue();
    table.free(record);
  }
}
