package org.portbouncer.core.control;

import java.nio.ByteBuffer;

/**
 * Reads the fields of a packet one after the other. What is missing, and what is left over when
 * {@link #end} is called, is the sender's fault and said as such. At both ends of a link.
 */
public final class Fields {

  private final ByteBuffer packet;

  /**
   * @param packet from its position on
   */
  public Fields(ByteBuffer packet) {
    this.packet = packet;
  }

  private void need(int bytes) throws ControlException {
    if (packet.remaining() < bytes) {
      throw new ControlException("a packet that ends too early");
    }
  }

  public int u8() throws ControlException {
    need(1);
    return packet.get() & 0xff;
  }

  public int u16() throws ControlException {
    need(2);
    return packet.getShort() & 0xffff;
  }

  /** Any 32 bits. */
  public int i32() throws ControlException {
    need(4);
    return packet.getInt();
  }

  /** A length or a number of something: one that has its highest bit set is refused. */
  public int number() throws ControlException {
    int number = i32();
    if (number < 0) {
      throw new ControlException("a number that is too large");
    }
    return number;
  }

  public long i64() throws ControlException {
    need(8);
    return packet.getLong();
  }

  /** So many bytes. */
  public byte[] bytes(int count) throws ControlException {
    if (count < 0) {
      throw new ControlException("a length that is too large");
    }
    need(count);
    byte[] bytes = new byte[count];
    packet.get(bytes);
    return bytes;
  }

  /** All that is left, of which there may be so much. */
  public byte[] rest(int atMost) throws ControlException {
    if (packet.remaining() > atMost) {
      throw new ControlException("a packet that is too long");
    }
    return bytes(packet.remaining());
  }

  /** Nothing may be left. */
  public void end() throws ControlException {
    if (packet.hasRemaining()) {
      throw new ControlException("a packet that is too long");
    }
  }
}
