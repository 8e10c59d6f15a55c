package org.portbouncer.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.hop.StateFiles;
import org.portbouncer.core.session.Sections;

/** What a worker keeps in mind of the sessions that it holds. */
class HeldTest {

  private static final int PER_SESSION = 2;
  private static final int ROOM = 3;
  private static final int SECTION = 512;

  private final List<Session> made = new ArrayList<>();
  private final StateFiles files = new StateFiles("");
  private final Held held = new Held(64, PER_SESSION, ROOM);

  @AfterEach
  void close() {
    made.forEach(Session::clear);
  }

  private Session session(int record) {
    Session session = new Session();
    session.create(0, 0);
    session.state().identify(record + 1, record, 0);
    made.add(session);
    return session;
  }

  @Test
  void shouldFindByRecordWhatItHoldsAndNothingElse() {
    Session one = session(7);
    Session other = session(60);
    held.add(one);
    held.add(other);
    assertThat(held.count()).isEqualTo(2);
    assertThat(held.all()).containsExactly(one, other);
    held.remove(one);
    held.remove(one);
    assertThat(held.count()).isEqualTo(1);
    assertThat(held.get(7)).isNull();
    assertThat(held.get(60)).isSameAs(other);
  }

  @Test
  void shouldHaveNoRoomWhenDescriptorsAreTaken() {
    held.add(session(0));
    held.add(session(1));
    assertThat(held.hasRoomForSession()).isTrue();
    assertThat(held.takeExtraDescriptor()).isTrue();
    assertThat(held.hasRoomForSession()).isFalse();
    assertThat(held.takeExtraDescriptor()).isTrue();
    assertThat(held.takeExtraDescriptor()).isFalse();
    held.giveExtraDescriptor();
    held.giveExtraDescriptor();
    assertThat(held.hasRoomForSession()).isTrue();
  }

  /** A state that grows while its session is held is counted as it is when that goes. */
  @Test
  void shouldCountAsManyBytesBackWhenAStateHasGrown() {
    Session session = session(0);
    held.add(session);
    assertThat(held.stateBytes()).isZero();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment section = arena.allocate(SECTION);
      int before = session.tailMemory();
      assertThat(files.addSection(session, Sections.Type.PROXY_HEADER, section, 0, SECTION))
          .isZero();
      held.grown(session, session.tailMemory() - before);
    }
    assertThat(held.stateBytes()).isGreaterThanOrEqualTo(SECTION);
    held.remove(session);
    assertThat(held.stateBytes()).isZero();
    held.grown(session, SECTION);
    assertThat(held.stateBytes()).isZero();
  }
}
