package org.portbouncer.launcher.mother.sight;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.launcher.admin.HeaviestView;
import org.portbouncer.launcher.admin.SessionOrder;
import org.portbouncer.launcher.mother.MotherRig;

/** The heaviest sessions, of a table that is full of the test's own. */
class HeaviestSessionsTest {

  private static final int RECORDS = 64;

  @TempDir private Path folder;

  private MotherRig rig;
  private HeaviestSessions heaviest;

  @BeforeEach
  void open() throws Exception {
    Configuration configuration =
        MotherRig.configuration(
            folder, "listeners { web { listen = \"127.0.0.1:0\", target = \"127.0.0.1:9\" } }");
    rig = new MotherRig(configuration, RECORDS, 60);
    rig.epoch(configuration);
    heaviest = new HeaviestSessions(rig.ground(), new SessionViews(rig.ground()));
  }

  @AfterEach
  void close() throws Exception {
    rig.close();
  }

  /** A session that has moved so many bytes; gives its record. */
  private int session(long id, long bytes) {
    return rig.onLoop(
        () -> {
          SessionState state = rig.session(id);
          rig.table().moved(state.record(), bytes, 0, 0);
          return state.record();
        });
  }

  private void end(int record) {
    rig.onLoop(
        () -> {
          SessionTable table = rig.table();
          assertThat(table.claimEnd(record, table.generation(record), MotherRig.PID)).isTrue();
          table.free(record);
        });
  }

  private static List<Long> ids(HeaviestView view) {
    return view.sessions().stream().map(one -> one.session().id()).toList();
  }

  @Test
  void shouldTellTheHeaviestFirstAndNoMoreThanAskedFor() {
    session(1, 10);
    session(2, 30);
    session(3, 20);
    HeaviestView view = heaviest.heaviest(SessionOrder.BYTES, 2, "");
    assertThat(ids(view)).containsExactly(2L, 3L);
    assertThat(view.total()).isEqualTo(3);
    assertThat(view.matching()).isEqualTo(3);
  }

  @Test
  void shouldCountWhatMovedSinceTheTimeBefore() {
    int one = session(1, 1_000_000_000);
    int two = session(2, 10);
    heaviest.heaviest(SessionOrder.RATE, 2, "");
    rig.table().moved(one, 1_000_001_000, 0, 0);
    rig.table().moved(two, 1_000_000, 0, 0);
    HeaviestView view = heaviest.heaviest(SessionOrder.RATE, 2, "");
    assertThat(ids(view)).containsExactly(2L, 1L);
    assertThat(view.sessions()).allMatch(each -> each.upRate() > 0 && each.downRate() == 0);
  }

  @Test
  void shouldNotTakeASessionForTheOneThatHadItsRecordBefore() {
    int old = session(1, 1_000_000);
    heaviest.heaviest(SessionOrder.RATE, 1, "");
    end(old);
    assertThat(heaviest.heaviest(SessionOrder.RATE, 1, "").total()).isZero();
    int still = session(2, 500);
    int again = session(3, 400);
    assertThat(List.of(still, again)).as("the record is used again").contains(old);
    HeaviestView view = heaviest.heaviest(SessionOrder.RATE, 2, "");
    assertThat(ids(view)).as("all that they moved is new").containsExactly(2L, 3L);
    assertThat(view.sessions()).allMatch(each -> each.upRate() > 0);
  }

  @Test
  void shouldFindRoomForSessionsThatComeLater() {
    session(1, 10);
    heaviest.heaviest(SessionOrder.BYTES, 5, "");
    for (int id = 2; id <= RECORDS / 2; id++) {
      session(id, 10L * id);
    }
    HeaviestView view = heaviest.heaviest(SessionOrder.BYTES, 1, "");
    assertThat(view.total()).isEqualTo(RECORDS / 2);
    assertThat(ids(view)).containsExactly((long) RECORDS / 2);
  }
}
