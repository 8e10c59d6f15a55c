package org.portbouncer.core.control;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;

class ControlChannelTest {

  private static final int CODE = 17;

  private int[] pair;
  private ControlChannel mother;
  private ControlChannel worker;

  @BeforeEach
  void openLink() {
    pair = Descriptor.pair(Const.SOCK_SEQPACKET);
    mother = new ControlChannel(pair[0]);
    worker = new ControlChannel(pair[1]);
  }

  @AfterEach
  void closeLink() {
    Descriptor.close(pair);
  }

  @Test
  void shouldKeepPacketsApartAndInOrderWhenSeveralAreSent() throws ControlException {
    mother.begin(CODE).putInt(17).putInt(0x89abcdef);
    assertThat(mother.send()).isZero();
    mother.begin(CODE + 1);
    assertThat(mother.send()).isZero();
    assertThat(worker.receive()).isEqualTo(9);
    assertThat(worker.code()).isEqualTo(CODE);
    Fields fields = worker.fields();
    assertThat(fields.i32()).isEqualTo(17);
    assertThat(fields.i32()).isEqualTo(0x89abcdef);
    fields.end();
    assertThat(worker.receive()).isEqualTo(1);
    assertThat(worker.code()).isEqualTo(CODE + 1);
    worker.fields().end();
    assertThat(worker.receive()).isEqualTo(-Errno.EAGAIN);
  }

  @Test
  void shouldPassDescriptorsWithTheirPacketWhenTheyAreAttached() {
    int open = Descriptor.open();
    sendWithTwo();
    mother.begin(CODE);
    assertThat(mother.send()).isZero();
    assertThat(worker.receive()).isPositive();
    assertThat(worker.descriptorCount()).isEqualTo(2);
    int received = worker.take(0);
    assertThat(Descriptor.link(received)).contains("one");
    worker.closeDescriptors();
    assertThat(Descriptor.open()).as("the one that was taken is left").isEqualTo(open + 1);
    assertThat(worker.receive()).isPositive();
    assertThat(worker.descriptorCount()).isZero();
    Descriptor.close(received);
    assertThat(Descriptor.open()).isEqualTo(open);
  }

  private void sendWithTwo() {
    int one = Descriptor.named("one");
    int two = Descriptor.named("two");
    mother.begin(CODE).putInt(1);
    mother.attach(one);
    mother.attach(two);
    assertThat(mother.send()).isZero();
    Descriptor.close(one, two);
  }

  @Test
  void shouldReceiveNoDescriptorWhereNoneIsAskedFor() {
    int open = Descriptor.open();
    sendWithTwo();
    assertThat(worker.receiveBare()).isEqualTo(5);
    assertThat(worker.truncated()).isTrue();
    assertThat(worker.descriptorCount()).isZero();
    assertThat(Descriptor.open()).isEqualTo(open);
    mother.begin(CODE);
    assertThat(mother.send()).isZero();
    assertThat(worker.receiveBare()).isEqualTo(1);
    assertThat(worker.truncated()).isFalse();
  }

  @Test
  void shouldLeaveOpenWhatWasSentInAnswerToAPacket() {
    int sent = Descriptor.named("sent");
    worker.begin(CODE);
    assertThat(worker.send()).isZero();
    assertThat(mother.receiveBare()).isPositive();
    mother.begin(CODE).putInt(1);
    mother.attach(sent);
    assertThat(mother.send()).isZero();
    int open = Descriptor.open();
    mother.closeDescriptors();
    assertThat(Descriptor.open()).as("only what came is closed").isEqualTo(open);
    assertThat(Descriptor.link(sent)).contains("sent");
    Descriptor.close(sent);
    assertThat(worker.receive()).isPositive();
    worker.closeDescriptors();
  }

  @Test
  void shouldCloseWhatNobodyTookBeforeItAnswers() {
    int open = Descriptor.open();
    sendWithTwo();
    assertThat(worker.receive()).isPositive();
    worker.begin(CODE);
    assertThat(worker.send()).isZero();
    assertThat(Descriptor.open()).isEqualTo(open);
  }

  @Test
  void shouldTellTheEndWhenTheOtherHasGone() {
    worker.begin(CODE).putInt(0);
    assertThat(worker.send()).isZero();
    Descriptor.close(pair[1]);
    assertThat(mother.receive()).as("what was said before the end").isPositive();
    assertThat(mother.code()).isEqualTo(CODE);
    assertThat(mother.receive()).isZero();
    mother.begin(CODE);
    assertThat(mother.send()).isEqualTo(Errno.EPIPE);
    Descriptor.close(pair[0]);
    pair = Descriptor.pair(Const.SOCK_SEQPACKET);
  }

  @Test
  void shouldNotWaitWhenTheOtherDoesNotRead() {
    int sent = 0;
    int errno = 0;
    while (errno == 0) {
      worker.begin(CODE).put(new byte[4000]);
      errno = worker.send();
      assertThat(sent++).as("a link without end").isLessThan(100_000);
    }
    assertThat(errno).isEqualTo(Errno.EAGAIN);
  }

  @Test
  void shouldGiveNoWordTheCodeOfAnother() {
    for (int code = 0; code < 256; code++) {
      Order order = Order.of(code);
      Report report = Report.of(code);
      assertThat(order == null || report == null).as("code %d", code).isTrue();
      assertThat(order == null || order.code() == code).isTrue();
      assertThat(report == null || report.code() == code).isTrue();
    }
    for (Order order : Order.values()) {
      assertThat(Order.of(order.code())).isEqualTo(order);
    }
    for (Report report : Report.values()) {
      assertThat(Report.of(report.code())).isEqualTo(report);
    }
  }
}
