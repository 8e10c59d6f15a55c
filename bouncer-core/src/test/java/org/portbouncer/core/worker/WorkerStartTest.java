package org.portbouncer.core.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.control.ControlChannel;
import org.portbouncer.core.control.Order;
import org.portbouncer.core.log.LogForm;
import org.portbouncer.core.session.StageId;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;

class WorkerStartTest {

  private int[] pair;
  private ControlChannel mother;
  private ControlChannel worker;
  private int openBefore;

  @BeforeEach
  void openLink() {
    pair = Descriptor.pair(Const.SOCK_SEQPACKET);
    mother = new ControlChannel(pair[0]);
    worker = new ControlChannel(pair[1]);
    openBefore = Descriptor.open();
  }

  @AfterEach
  void closeLink() {
    Descriptor.close(pair);
  }

  /** The only place that knows the parameters. */
  private static WorkerStart start(int log, int... next) {
    return new WorkerStart(
        0xcafe_babe,
        StageId.BANDWIDTH,
        300,
        255,
        60,
        new LogForm(true, false),
        Descriptor.named("area"),
        log,
        -1,
        -1,
        Descriptor.named("inbox"),
        next);
  }

  private WorkerStart pass(WorkerStart sent) {
    assertThat(sent.send(mother)).isZero();
    Descriptor.close(sent.areaFd(), sent.inboxFd());
    Descriptor.close(sent.nextInboxes());
    if (sent.accessLogFd() >= 0) {
      Descriptor.close(sent.accessLogFd());
    }
    return WorkerStart.receive(worker);
  }

  private static void require(int fd, String name) {
    assertThat(Descriptor.link(fd)).isEqualTo("/memfd:" + name + " (deleted)");
  }

  @Test
  void shouldArriveAsItWasSentWhenEverythingIsThere() {
    int[] next = new int[64];
    for (int i = 0; i < next.length; i++) {
      next[i] = Descriptor.named("next" + i);
    }
    WorkerStart received = pass(start(Descriptor.named("log"), next));
    assertThat(received.build()).isEqualTo(0xcafe_babe);
    assertThat(received.stage()).isEqualTo(StageId.BANDWIDTH);
    assertThat(received.index()).isEqualTo(300);
    assertThat(received.place()).isEqualTo(255);
    assertThat(received.batch()).isEqualTo(60);
    assertThat(received.accessLogForm()).isEqualTo(new LogForm(true, false));
    require(received.areaFd(), "area");
    require(received.accessLogFd(), "log");
    require(received.inboxFd(), "inbox");
    assertThat(received.nextInboxes()).hasSize(64);
    for (int i = 0; i < next.length; i++) {
      require(received.nextInboxes()[i], "next" + i);
    }
    assertThat(Descriptor.open()).isEqualTo(openBefore + 3 + 64);
  }

  @Test
  void shouldKeepDescriptorsApartWhenThereIsNoLogAndNoNextStage() {
    WorkerStart received = pass(start(-1));
    require(received.areaFd(), "area");
    assertThat(received.accessLogFd()).isEqualTo(-1);
    require(received.inboxFd(), "inbox");
    assertThat(received.nextInboxes()).isEmpty();
  }

  @Test
  void shouldRefuseToStartWhenAnotherWordComesFirst() {
    mother.begin(Order.STOP.code());
    assertThat(mother.send()).isZero();
    assertThatThrownBy(() -> WorkerStart.receive(worker))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("started by the mother");
  }

  @Test
  void shouldRefuseToStartAndLeaveNothingOpenWhenTheWordsAreNotWhole() {
    int open = Descriptor.open();
    for (int length = 0; length < 24; length++) {
      mother.begin(Order.START.code()).put(new byte[length]);
      mother.attach(pair[0]);
      mother.attach(pair[0]);
      assertThat(mother.send()).isZero();
      assertThatThrownBy(() -> WorkerStart.receive(worker))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("START is none");
    }
    for (int descriptors = 0; descriptors < 5; descriptors++) {
      // io/0, no log, no slots, one next inbox: three descriptors
      mother
          .begin(Order.START.code())
          .put(new byte[] {9, 9, 9, 9, 5, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0});
      for (int i = 0; i < descriptors; i++) {
        mother.attach(pair[0]);
      }
      assertThat(mother.send()).isZero();
      if (descriptors == 3) {
        WorkerStart whole = WorkerStart.receive(worker);
        Descriptor.close(whole.areaFd(), whole.inboxFd());
        Descriptor.close(whole.nextInboxes());
      } else {
        assertThatThrownBy(() -> WorkerStart.receive(worker)).hasMessageContaining("descriptors");
      }
    }
    assertThat(Descriptor.open()).isEqualTo(open);
  }

  @Test
  void shouldRefuseToStartWhenTheMotherHasGone() {
    Descriptor.close(pair[0]);
    assertThatThrownBy(() -> WorkerStart.receive(worker)).isInstanceOf(IllegalStateException.class);
    pair = Descriptor.pair(Const.SOCK_SEQPACKET);
  }
}
