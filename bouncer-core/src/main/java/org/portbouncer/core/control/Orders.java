package org.portbouncer.core.control;

import java.nio.ByteBuffer;

/**
 * The mother's words to a worker, each one method; {@link Order} has the table of them. Each
 * returns 0, or the errno where it could not be sent: EAGAIN where the worker does not keep up, and
 * else it has gone. Descriptors stay the caller's. In the mother, on her loop's thread.
 */
public final class Orders {

  private final ControlChannel channel;

  public Orders(ControlChannel channel) {
    this.channel = channel;
  }

  private ByteBuffer begin(Order order) {
    return channel.begin(order.code());
  }

  private int say(Order order) {
    begin(order);
    return channel.send();
  }

  private int say(Order order, int field) {
    begin(order).put((byte) field);
    return channel.send();
  }

  public int confine(byte[] filter) {
    begin(Order.CONFINE).put(filter);
    return channel.send();
  }

  /**
   * @param filter for the keeper, empty for none
   * @param fd ends with us: the reading end of a pipe
   */
  public int keep(byte[] filter, int fd) {
    begin(Order.KEEP).put(filter);
    channel.attach(fd);
    return channel.send();
  }

  /**
   * @param newest the number of the newest epoch in it
   * @param rules the memory of rules, of each epoch that has any
   */
  public int config(int fd, int length, int newest, int[] rules) {
    begin(Order.CONFIG).putInt(length).putInt(newest);
    channel.attach(fd);
    for (int memory : rules) {
      channel.attach(memory);
    }
    return channel.send();
  }

  /**
   * @param epoch the first that they serve
   */
  public int secrets(int epoch, byte[] secrets) {
    begin(Order.SECRETS).putInt(epoch).put(secrets);
    return channel.send();
  }

  public int withdraw(int epoch) {
    begin(Order.WITHDRAW).putInt(epoch);
    return channel.send();
  }

  public int retire(int oldest, int[] inUse) {
    ByteBuffer packet = begin(Order.RETIRE).putInt(oldest).putShort((short) inUse.length);
    for (int epoch : inUse) {
      packet.putInt(epoch);
    }
    return channel.send();
  }

  public int look() {
    return say(Order.LOOK);
  }

  public int endAll(int result) {
    return say(Order.END_ALL, result);
  }

  /**
   * @param fd where to, -1 for nowhere
   */
  public int accessLog(int form, int fd) {
    begin(Order.ACCESS_LOG).put((byte) form);
    if (fd >= 0) {
      channel.attach(fd);
    }
    return channel.send();
  }

  public int level(int level) {
    return say(Order.LEVEL, level);
  }

  public int classes() {
    return say(Order.CLASSES);
  }

  public int stop() {
    return say(Order.STOP);
  }

  /**
   * @param ids of the inboxes
   * @param inboxes their writing ends
   */
  public int lanes(int version, int[] ids, int[] inboxes) {
    ByteBuffer packet = begin(Order.LANES).putInt(version).putShort((short) ids.length);
    for (int i = 0; i < ids.length; i++) {
      packet.putInt(ids[i]);
      channel.attach(inboxes[i]);
    }
    return channel.send();
  }

  public int drain() {
    return say(Order.DRAIN);
  }

  public int move() {
    return say(Order.MOVE);
  }

  /**
   * @param limitMs how long what is held may go on; 0 for ever
   */
  public int left(int limitMs) {
    begin(Order.LEFT).putInt(limitMs);
    return channel.send();
  }

  public int sync(int token) {
    begin(Order.SYNC).putInt(token);
    return channel.send();
  }
}
