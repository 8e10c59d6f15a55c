package org.portbouncer.core.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.support.Seed;
import org.portbouncer.core.sys.Const;

/**
 * A million packets at each end, whole ones, ones that are nearly whole, and noise. None may do
 * anything but be told or refused, and none may leave a descriptor open.
 */
class ControlFuzzTest {

  private static final int PACKETS = 1_000_000;

  private final int[] pair = Descriptor.pair(Const.SOCK_SEQPACKET);
  private final ControlChannel from = new ControlChannel(pair[0]);
  private final ControlChannel to = new ControlChannel(pair[1]);
  private final Random random = Seed.random(ControlFuzzTest.class);
  private final int file = Descriptor.named("fuzz");
  private final int open = Descriptor.open();
  private final Heard heard = new Heard();
  private long refused;

  @AfterEach
  void close() {
    Descriptor.close(pair);
    Descriptor.close(file);
  }

  private interface Read {
    void read() throws ControlException;
  }

  /** Sends one packet, made of {@code code} and some fields, and has it read. */
  private void send(int code, Read read, boolean bare) {
    ByteBuffer packet = from.begin(code);
    for (int i = random.nextInt(4); i > 0; i--) {
      switch (random.nextInt(5)) {
        case 0 -> packet.put((byte) random.nextInt(6));
        case 1 -> packet.putShort((short) random.nextInt(4));
        case 2 -> packet.putInt(random.nextInt(4));
        case 3 -> packet.putInt(random.nextInt());
        default -> packet.put(new byte[random.nextInt(random.nextInt(50) == 0 ? 5000 : 20)]);
      }
    }
    int descriptors = random.nextInt(4) == 0 ? random.nextInt(4) : 0;
    for (int i = 0; i < descriptors; i++) {
      from.attach(file);
    }
    assertThat(from.send()).isZero();
    int length = bare ? to.receiveBare() : to.receive();
    if (length <= 0) {
      throw new AssertionError("received " + length);
    }
    try {
      read.read();
    } catch (ControlException e) {
      refused++;
    }
  }

  private void check() {
    assertThat(Descriptor.open()).as("descriptors").isEqualTo(open);
    assertThat(heard.count).as("packets that are whole by chance").isGreaterThan(PACKETS / 100);
    assertThat(refused).isEqualTo(PACKETS - heard.count).isGreaterThan(PACKETS / 4);
  }

  @Test
  void shouldTellOrRefuseWhateverAMotherSays() {
    OrderReader reader = new OrderReader(to, heard);
    for (int i = 0; i < PACKETS; i++) {
      if (i % 16 == 0) {
        reader = new OrderReader(to, heard);
      }
      send(random.nextInt(8) == 0 ? random.nextInt(256) : random.nextInt(19), reader::read, false);
    }
    check();
  }

  @Test
  void shouldTellOrRefuseWhateverAWorkerSays() {
    ReportReader reader = new ReportReader(to, heard);
    for (int i = 0; i < PACKETS; i++) {
      if (i % 16 == 0) {
        reader = new ReportReader(to, heard);
      }
      reader.askedEpoch(random.nextInt(4));
      reader.askedLanes(random.nextInt(4));
      reader.askedSync(random.nextInt(4));
      int code = random.nextInt(8) == 0 ? random.nextInt(256) : 64 + random.nextInt(8);
      send(code, reader::read, true);
    }
    check();
  }
}
