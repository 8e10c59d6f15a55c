package org.portbouncer.core.control;

import java.util.EnumSet;
import java.util.Set;

/**
 * Reads what the mother says, after START. A packet that is not exactly what {@link Order} says, in
 * length, descriptors or turn, is refused, and its descriptors are closed. In a worker, on the
 * thread of its loop.
 */
public final class OrderReader {

  /** Who carries the orders out; descriptors are its own from here on. */
  public interface Handler {
    void confine(byte[] filter) throws ControlException;

    /**
     * @param filter empty for none
     * @param fd what the keeper reads
     */
    void keep(byte[] filter, int fd) throws ControlException;

    /**
     * @param newest the number of the newest epoch in it
     * @param rules the memory of rules of those that have any
     */
    void config(int fd, int length, int newest, int[] rules) throws ControlException;

    /**
     * @param epoch the first that they serve
     * @param secrets ChainSecrets
     */
    void secrets(int epoch, byte[] secrets) throws ControlException;

    void withdraw(int epoch) throws ControlException;

    void retire(int oldest, int[] inUse) throws ControlException;

    void look() throws ControlException;

    void endAll(int result) throws ControlException;

    /**
     * @param fd -1 for nowhere
     */
    void accessLog(int form, int fd) throws ControlException;

    void level(int level) throws ControlException;

    void classes() throws ControlException;

    void stop() throws ControlException;

    void lanes(int version, int[] ids, int[] inboxes) throws ControlException;

    void drain() throws ControlException;

    void move() throws ControlException;

    /**
     * @param limitMs 0 for none
     */
    void left(int limitMs) throws ControlException;

    void sync(int token) throws ControlException;
  }

  private final ControlChannel channel;
  private final Handler handler;
  private final Set<Order> said = EnumSet.of(Order.START);

  public OrderReader(ControlChannel channel, Handler handler) {
    this.channel = channel;
    this.handler = handler;
  }

  /**
   * Carries out the packet that was received last.
   *
   * @throws ControlException where it is not what it should be
   */
  public void read() throws ControlException {
    try {
      Order order = Order.of(channel.code());
      check(order);
      said.add(order);
      carryOut(order, channel.fields());
    } catch (ControlException e) {
      channel.closeDescriptors();
      throw e;
    }
  }

  private void check(Order order) throws ControlException {
    if (channel.truncated()) {
      throw new ControlException("more than one packet holds");
    }
    if (order == null) {
      throw new ControlException("no order has the code " + channel.code());
    }
    if (!order.takes(channel.descriptorCount())) {
      throw new ControlException(order + " with " + channel.descriptorCount() + " descriptors");
    }
    boolean turn =
        switch (order.when()) {
          case ANY -> true;
          case ONCE -> !said.contains(order);
          case ONCE_BEFORE_CONFIG -> !said.contains(order) && !said.contains(Order.CONFIG);
          case AFTER_CONFIG -> said.contains(Order.CONFIG);
        };
    if (!turn) {
      throw new ControlException(order + " out of turn");
    }
  }

  private void carryOut(Order order, Fields fields) throws ControlException {
    switch (order) {
      case START -> throw new ControlException("START a second time");
      case CONFINE -> handler.confine(fields.rest(ControlChannel.MAX_BYTES));
      case KEEP -> {
        byte[] filter = fields.rest(ControlChannel.MAX_BYTES);
        handler.keep(filter, channel.take(0));
      }
      case CONFIG -> {
        int length = fields.number();
        int newest = fields.number();
        fields.end();
        handler.config(channel.take(0), length, newest, takeFrom(1));
      }
      case WITHDRAW -> {
        int epoch = fields.number();
        fields.end();
        handler.withdraw(epoch);
      }
      case RETIRE -> retire(fields);
      case LANES -> lanes(fields);
      case SECRETS -> handler.secrets(fields.number(), fields.rest(ControlChannel.MAX_BYTES));
      case END_ALL -> handler.endAll(only(fields));
      case LEVEL -> handler.level(only(fields));
      case ACCESS_LOG -> {
        int form = only(fields);
        handler.accessLog(form, channel.descriptorCount() == 0 ? -1 : channel.take(0));
      }
      case SYNC -> {
        int token = fields.i32();
        fields.end();
        handler.sync(token);
      }
      case LEFT -> {
        int limitMs = fields.number();
        fields.end();
        handler.left(limitMs);
      }
      case LOOK, CLASSES, STOP, DRAIN, MOVE -> {
        fields.end();
        bare(order);
      }
    }
  }

  private void bare(Order order) throws ControlException {
    switch (order) {
      case LOOK -> handler.look();
      case CLASSES -> handler.classes();
      case DRAIN -> handler.drain();
      case MOVE -> handler.move();
      default -> handler.stop();
    }
  }

  private static int only(Fields fields) throws ControlException {
    int field = fields.u8();
    fields.end();
    return field;
  }

  private void retire(Fields fields) throws ControlException {
    int oldest = fields.number();
    int[] inUse = numbers(fields, fields.u16());
    if (inUse.length == 0) {
      throw new ControlException("RETIRE without the epoch in force");
    }
    for (int i = 1; i < inUse.length; i++) {
      if (inUse[i] <= inUse[i - 1]) {
        throw new ControlException("RETIRE of epochs that do not ascend");
      }
    }
    handler.retire(oldest, inUse);
  }

  private void lanes(Fields fields) throws ControlException {
    int version = fields.number();
    int[] ids = numbers(fields, fields.u16());
    if (ids.length != channel.descriptorCount()) {
      throw new ControlException("LANES of " + ids.length + " without a descriptor for each");
    }
    handler.lanes(version, ids, takeFrom(0));
  }

  /** Takes all descriptors of the packet from that one on. */
  private int[] takeFrom(int first) {
    int[] taken = new int[channel.descriptorCount() - first];
    for (int i = 0; i < taken.length; i++) {
      taken[i] = channel.take(first + i);
    }
    return taken;
  }

  /** The last fields of a packet. */
  private static int[] numbers(Fields fields, int count) throws ControlException {
    if (count > ControlChannel.MAX_BYTES / Integer.BYTES) {
      throw new ControlException("a packet that ends too early");
    }
    int[] numbers = new int[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = fields.number();
    }
    fields.end();
    return numbers;
  }
}
