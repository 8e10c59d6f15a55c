package org.portbouncer.core.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;

class ControlChannelTest {

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
  void shouldKeepPacketsApartAndInOrderWhenSeveralAreSent() {
    mother.begin(ControlMessage.RETIRE).putInt(17).putInt(0x89abcdef);
    assertThat(mother.send()).isZero();
    mother.begin(ControlMessage.STOP);
    assertThat(mother.send()).isZero();
    assertThat(worker.receive()).isEqualTo(9);
    assertThat(worker.type()).isEqualTo(ControlMessage.RETIRE);
    ByteBuffer body = worker.body();
    assertThat(body.getInt()).isEqualTo(17);
    assertThat(body.getInt()).isEqualTo(0x89abcdef);
    assertThat(body.hasRemaining()).isFalse();
    assertThat(worker.receive()).isEqualTo(1);
    assertThat(worker.type()).isEqualTo(ControlMessage.STOP);
    assertThat(worker.body().hasRemaining()).isFalse();
    assertThat(worker.receive()).isEqualTo(-Errno.EAGAIN);
  }

  @Test
  void shouldPassDescriptorsWithTheirPacketWhenTheyAreAttached() {
    int open = Descriptor.open();
    int one = Descriptor.named("one");
    int two = Descriptor.named("two");
    mother.begin(ControlMessage.CONFIG).putInt(1);
    mother.attach(one);
    mother.attach(two);
    assertThat(mother.send()).isZero();
    mother.begin(ControlMessage.STOP);
    assertThat(mother.send()).isZero();
    Descriptor.close(one, two);
    assertThat(worker.receive()).isPositive();
    assertThat(worker.descriptorCount()).isEqualTo(2);
    int received = worker.descriptor(0);
    int alsoReceived = worker.descriptor(1);
    assertThat(Descriptor.link(received)).contains("one");
    assertThat(Descriptor.link(alsoReceived)).contains("two");
    assertThat(worker.receive()).isPositive();
    assertThat(worker.descriptorCount()).isZero();
    Descriptor.close(received, alsoReceived);
    assertThat(Descriptor.open()).isEqualTo(open);
  }

  @Test
  void shouldTellTheEndWhenTheOtherHasGone() {
    worker.begin(ControlMessage.READY).putInt(0);
    assertThat(worker.send()).isZero();
    Descriptor.close(pair[1]);
    assertThat(mother.receive()).as("what was said before the end").isPositive();
    assertThat(mother.type()).isEqualTo(ControlMessage.READY);
    assertThat(mother.receive()).isZero();
    mother.begin(ControlMessage.STOP);
    assertThat(mother.send()).isEqualTo(Errno.EPIPE);
    Descriptor.close(pair[0]);
    pair = Descriptor.pair(Const.SOCK_SEQPACKET);
  }

  @Test
  void shouldNotWaitWhenTheOtherDoesNotRead() {
    int sent = 0;
    int errno = 0;
    while (errno == 0) {
      worker.begin(ControlMessage.LOG).put(new byte[4000]);
      errno = worker.send();
      assertThat(sent++).as("a link without end").isLessThan(100_000);
    }
    assertThat(errno).isEqualTo(Errno.EAGAIN);
  }

  @Test
  void shouldKnowNoTypeWhenTheFirstByteIsNone() {
    Descriptor.write(pair[0], "\u007f");
    assertThat(worker.receive()).isEqualTo(1);
    assertThat(worker.type()).isNull();
    assertThat(ControlMessage.of(-1)).isNull();
    for (ControlMessage message : ControlMessage.values()) {
      assertThat(ControlMessage.of(message.ordinal())).isEqualTo(message);
    }
  }
}
