package org.portbouncer.launcher.mother.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.OrphanLink;
import org.portbouncer.core.control.OrphanSession;
import org.portbouncer.core.control.OrphanSession.Addresses;
import org.portbouncer.core.control.OrphanSession.Position;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.WorkerBoard;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/** What a server takes over of a server that died, and when it goes on without. */
class OrphansTest extends OrphanCase {

  @Test
  void shouldEnterASessionInItsBooksAndSendItOn() throws Exception {
    ask();
    link.hello(1, 1);
    byte[] held = new byte[20_000];
    new Random(1).nextBytes(held);
    for (int from = 0; from < held.length; from += OrphanLink.MOST_HELD) {
      link.held(1, held, from, Math.min(OrphanLink.MOST_HELD, held.length - from));
    }
    OrphanSession said = honest();
    Position position = new Position(SessionFlow.CLIENT_LAST, 100, 200, 0, held.length, 0);
    link.session(
        new OrphanSession(1, 41, said.times(), said.names(), said.addresses(), position),
        new int[] {client, target});
    assertThat(answer()).isEqualTo(OrphanLink.Word.TOOK);
    assertThat(link.readNumber()).isEqualTo(1);
    link.done(new int[] {2, 1, 0});
    assertThat(over()).isEqualTo(41);
    SessionTable table = rig.table();
    Session session = received();
    int record = session.state().record();
    assertThat(session.state().resumed()).isTrue();
    assertThat(peer(session.descriptors().peek(Descriptors.CLIENT)))
        .isEqualTo(said.addresses().client());
    assertThat(Native.read(session.descriptors().peek(Descriptors.CARRIED + 1), held.length))
        .isEqualTo(held);
    assertThat(table.id(record)).isEqualTo(41);
    assertThat(table.accepted(record)).isEqualTo(said.times().accepted());
    assertThat(table.setupMicros(record)).isEqualTo(5_000);
    assertThat(table.bytesUp(record)).isEqualTo(100);
    assertThat(table.bytesDown(record)).isEqualTo(200);
    assertThat(table.throttledNanos(record)).isEqualTo(77);
    assertThat(table.rule(record)).isZero();
    assertThat(table.flow().heldBytes(record, 1)).isEqualTo(held.length);
    assertThat(table.flow().is(record, SessionFlow.CLIENT_LAST)).isTrue();
    assertThat(sessions()).isEqualTo(1);
    assertThat(counted()).isEqualTo(1);
    session.descriptors().closeAll();
  }

  @Test
  void shouldCountASessionThatIsAboveItsLimitAndTakeNothingTwice() throws Exception {
    int second = connection(listening);
    int third = connection(listening);
    int secondTarget = towards(targets);
    int thirdTarget = towards(targets);
    ask();
    link.hello(1, 1);
    assertThat(answerTo(1, 41, client, target)).isEqualTo(OrphanLink.Word.TOOK);
    assertThat(answerTo(2, 41, second, secondTarget)).as("its id").isEqualTo(OrphanLink.Word.LEFT);
    assertThat(answerTo(3, 42, client, secondTarget)).isEqualTo(OrphanLink.Word.LEFT);
    assertThat(answerTo(4, 42, second, target)).isEqualTo(OrphanLink.Word.LEFT);
    assertThat(answerTo(5, (1L << 53) - 1, second, secondTarget))
        .as("behind which no number is left")
        .isEqualTo(OrphanLink.Word.LEFT);
    assertThat(answerTo(6, 12, third, thirdTarget)).isEqualTo(OrphanLink.Word.TOOK);
    link.done(new int[3]);
    assertThat(over()).isEqualTo(41);
    assertThat(sessions()).isEqualTo(2);
    assertThat(counted()).as("above the limit").isEqualTo(2);
    for (int fd : new int[] {second, third, secondTarget, thirdTarget}) {
      Libc.close(fd);
    }
  }

  private OrphanLink.Word answerTo(int number, long id, int from, int to) {
    OrphanSession same = honest();
    Addresses addresses = new Addresses(peer(from), own(from), NONE, NONE);
    link.session(
        new OrphanSession(number, id, same.times(), same.names(), addresses, same.position()),
        new int[] {from, to});
    return answer();
  }

  @Test
  void shouldSendOnWhatItTookThoughNoMoreComes() {
    ask();
    link.hello(1, 1);
    link.session(honest(), new int[] {client, target});
    assertThat(answer()).isEqualTo(OrphanLink.Word.TOOK);
    received().descriptors().closeAll();
    assertThat(over.getNow(null)).as("it still listens").isNull();
    assertThat(over()).isEqualTo(41);
    assertThat(sessions()).isEqualTo(1);
  }

  @Test
  void shouldAskNoMoreThanAServerHasWorkersWhateverOneSays() {
    ask();
    link.hello(1, 0xffff);
    link.done(new int[3]);
    List<OrphanLink> all = new ArrayList<>(List.of(link));
    while (over.getNow(null) == null && all.size() <= WorkerBoard.PLACES) {
      int taken = called.takeCall();
      if (taken >= 0) {
        all.add(new OrphanLink(taken));
        all.getLast().hello(1, 0xffff);
        all.getLast().done(new int[3]);
      }
    }
    all.forEach(one -> Libc.close(one.fd()));
    assertThat(all).hasSizeLessThanOrEqualTo(WorkerBoard.PLACES);
    assertThat(over()).isZero();
  }

  @Test
  void shouldEnterNothingWhereNobodyHearsThatItIsTaken() {
    rig.onLoop(
        () -> {
          orphans.take(admin(), epoch, over::complete);
          link = new OrphanLink(called.takeCall());
          link.hello(1, 1);
          link.session(honest(), new int[] {client, target});
          Libc.close(link.fd());
        });
    assertThat(over()).isZero();
    assertNothingEntered();
  }

  @Test
  void shouldWaitNoLongerForOneThatIsSilentAndLeaveItsSessions() {
    ask();
    link.hello(1, 2);
    assertThat(over()).isZero();
    await("the end of the link").until(this::hasEnded);
    assertNothingEntered();
  }

  @Test
  void shouldEndTheLinkToOneThatSaysWhatNoneSays() {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    ask();
    link.hello(1, 1);
    ControlChannel raw = new ControlChannel(link.fd());
    byte[] bytes = new byte[300];
    random.nextBytes(bytes);
    raw.begin(4).put(bytes);
    raw.attach(client);
    raw.send();
    assertThat(over()).as("-Dseed=%d", seed).isZero();
    assertThat(hasEnded()).isTrue();
    assertNothingEntered();
  }

  @Test
  void shouldAskNobodyWhereNobodyHasTheSocketAndRemoveIt() throws IOException {
    Libc.close(calls.fd());
    rig.onLoop(() -> orphans.take(admin(), epoch, over::complete));
    assertThat(over.getNow(null)).isZero();
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.map(String::valueOf)).noneMatch(name -> name.contains("orphans"));
    }
  }

  @Test
  void shouldAskNobodyWhoseMotherLives() throws IOException {
    CallSocket alive = new CallSocket();
    int parent = (int) ProcessHandle.current().pid();
    Path admin = folder.resolve("b.sock");
    alive.open(admin, parent);
    rig.onLoop(() -> orphans.take(admin, epoch, over::complete));
    assertThat(over.getNow(null)).isZero();
    assertThat(new OrphanLink(alive.fd()).takeCall()).isNegative();
    alive.close();
  }
}
