package org.portbouncer.core.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;

class OrderReaderTest {

  private final int[] pair = Descriptor.pair(Const.SOCK_SEQPACKET);
  private final ControlChannel mother = new ControlChannel(pair[0]);
  private final Orders orders = new Orders(mother);
  private final ControlChannel worker = new ControlChannel(pair[1]);
  private final Heard heard = new Heard();
  private final OrderReader reader = new OrderReader(worker, heard);
  private int openBefore;

  @BeforeEach
  void count() {
    openBefore = Descriptor.open();
  }

  @AfterEach
  void nothingShouldBeLeftOpen() {
    assertThat(Descriptor.open()).isEqualTo(openBefore);
    Descriptor.close(pair);
  }

  private void read() throws ControlException {
    assertThat(worker.receive()).isPositive();
    reader.read();
  }

  private void require(int errno, String word) throws ControlException {
    assertThat(errno).isZero();
    read();
    assertThat(heard.words.getLast()).isEqualTo(word);
  }

  @Test
  void shouldTellEachOrderAsItWasSent() throws ControlException {
    int fd = Descriptor.named("file");
    require(orders.confine(new byte[16]), "confine 16");
    require(orders.keep(new byte[8], fd), "keep 8");
    require(orders.config(fd, 4711, 1, new int[0]), "config 4711 1 0");
    require(orders.config(fd, 4712, 2, new int[] {fd, fd}), "config 4712 2 2");
    require(orders.secrets(3, new byte[17]), "secrets 3 17");
    require(orders.withdraw(2), "withdraw 2");
    require(orders.retire(3, new int[] {1, 3, 7}), "retire 3 [1, 3, 7]");
    require(orders.look(), "look");
    require(orders.endAll(7), "endAll 7");
    require(orders.accessLog(2, fd), "accessLog 2");
    require(orders.accessLog(0, -1), "accessLog 0 nowhere");
    require(orders.level(4), "level 4");
    require(orders.classes(), "classes");
    require(orders.lanes(9, new int[] {5, 6}, new int[] {fd, fd}), "lanes 9 [5, 6]");
    require(orders.sync(-5), "sync -5");
    require(orders.drain(), "drain");
    require(orders.move(), "move");
    require(orders.left(30_000), "left 30000");
    require(orders.stop(), "stop");
    Descriptor.close(fd);
  }

  private void refuse(String why) {
    assertThat(mother.send()).isZero();
    long told = heard.count;
    assertThatThrownBy(this::read).isInstanceOf(ControlException.class).hasMessageContaining(why);
    assertThat(heard.count).as("nothing of it is done").isEqualTo(told);
  }

  @Test
  void shouldRefuseEveryOrderThatIsCutShort() throws ControlException {
    for (Order order :
        new Order[] {Order.RETIRE, Order.LEVEL, Order.END_ALL, Order.SYNC, Order.WITHDRAW}) {
      require(orders.config(pair[0], 1, 1, new int[0]), "config 1 1 0");
      mother.begin(order.code());
      refuse("ends too early");
    }
    mother.begin(Order.CONFIG.code()).put(new byte[3]);
    mother.attach(pair[0]);
    refuse("ends too early");
    mother.begin(Order.RETIRE.code()).putInt(1).putShort((short) 4000).putInt(1);
    refuse("ends too early");
    mother.begin(Order.LANES.code()).putInt(1).putShort((short) 0xffff);
    refuse("ends too early");
  }

  @Test
  void shouldRefuseEveryOrderWithSomethingLeftOver() {
    mother.begin(Order.CONFIG.code()).putLong(1).put((byte) 0);
    mother.attach(pair[0]);
    refuse("too long");
    for (Order order : new Order[] {Order.LOOK, Order.CLASSES, Order.STOP, Order.DRAIN}) {
      mother.begin(order.code()).put((byte) 0);
      refuse("too long");
    }
    for (Order order : new Order[] {Order.LEVEL, Order.END_ALL, Order.ACCESS_LOG}) {
      mother.begin(order.code()).putShort((short) 0);
      refuse("too long");
    }
  }

  @Test
  void shouldRefuseDescriptorsThatAreNoneOfTheOrders() {
    mother.begin(Order.CONFIG.code()).putInt(1);
    refuse("CONFIG with 0 descriptors");
    for (Order order : Order.values()) {
      if (order != Order.START && order != Order.LANES && order != Order.CONFIG) {
        mother.begin(order.code()).putInt(1);
        mother.attach(pair[0]);
        mother.attach(pair[1]);
        refuse(order + " with 2 descriptors");
      }
    }
    mother.begin(Order.LANES.code()).putInt(1).putShort((short) 1).putInt(1);
    refuse("without a descriptor for each");
    mother.begin(Order.LANES.code()).putInt(1).putShort((short) 0);
    mother.attach(pair[0]);
    refuse("without a descriptor for each");
  }

  @Test
  void shouldRefuseWhatIsOutOfTurn() throws ControlException {
    mother.begin(Order.RETIRE.code()).putInt(1).putShort((short) 1).putInt(1);
    refuse("RETIRE out of turn");
    require(orders.drain(), "drain");
    mother.begin(Order.DRAIN.code());
    refuse("DRAIN out of turn");
    require(orders.config(pair[0], 1, 1, new int[0]), "config 1 1 0");
    mother.begin(Order.CONFINE.code());
    refuse("CONFINE out of turn");
    mother.begin(Order.START.code());
    mother.attach(pair[0]);
    mother.attach(pair[0]);
    refuse("START out of turn");
  }

  @Test
  void shouldRefuseWhatAWorkerAloneSays() {
    mother.begin(Report.READY.code());
    refuse("no order has the code 65");
  }

  @Test
  void shouldRefuseNumbersThatMeanNothing() throws ControlException {
    require(orders.config(pair[0], 1, 1, new int[0]), "config 1 1 0");
    mother.begin(Order.CONFIG.code()).putLong(-1);
    mother.attach(pair[0]);
    refuse("too large");
    mother.begin(Order.RETIRE.code()).putInt(1).putShort((short) 0);
    refuse("without the epoch in force");
    mother.begin(Order.RETIRE.code()).putInt(1).putShort((short) 2).putInt(3).putInt(3);
    refuse("do not ascend");
  }
}
