package org.portbouncer.core.control;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.portbouncer.core.hop.MessageHeader;
import org.portbouncer.core.sys.Native;

/**
 * One end of the link between the mother and a worker. Used on one thread at each end. Packets are
 * built and read in one buffer, little-endian; sending never waits.
 */
public final class ControlChannel {

  private int fd;
  private final MemorySegment memory = Native.allocate(ControlMessage.MAX_BYTES);
  private final MessageHeader message = new MessageHeader(1);
  private final ByteBuffer packet = memory.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);

  public ControlChannel(int fd) {
    this.fd = fd;
  }

  /** Serves another link from now on; the memory of one that has ended is used again. */
  public void use(int other) {
    fd = other;
  }

  public int fd() {
    return fd;
  }

  /** Starts a packet of this type; put its fields into the buffer that is returned, then send. */
  public ByteBuffer begin(ControlMessage type) {
    return begin(type.ordinal());
  }

  /** As {@link #begin(ControlMessage)}, for a link with messages of its own. */
  public ByteBuffer begin(int type) {
    message.reset();
    packet.clear();
    packet.put((byte) type);
    return packet;
  }

  /** Adds a descriptor to the packet; it stays the caller's. */
  public void attach(int descriptor) {
    message.addDescriptor(descriptor);
  }

  /**
   * Sends the packet.
   *
   * @return 0, or the errno: EAGAIN where the other end does not keep up
   */
  public int send() {
    message.addVector(memory.address(), packet.position());
    long result = message.send(fd);
    return result < 0 ? (int) -result : 0;
  }

  /**
   * Receives one packet.
   *
   * @return its length; 0 at the end: the other process has gone; the negated errno where none is
   *     there
   */
  public int receive() {
    message.reset();
    message.addVector(memory.address(), memory.byteSize());
    long length = message.receive(fd);
    packet.clear();
    packet.limit((int) Math.max(0, length));
    if (length > 0 && message.truncated()) {
      message.closeDescriptors(0);
      return 0;
    }
    return (int) length;
  }

  /**
   * The type of the packet received, null where there is none such; the fields stand in {@link
   * #body}.
   */
  public ControlMessage type() {
    return ControlMessage.of(memory.get(JAVA_BYTE, 0));
  }

  /** The type of the packet received, on a link with messages of its own. */
  public int typeCode() {
    return memory.get(JAVA_BYTE, 0);
  }

  /** The fields of the packet received. */
  public ByteBuffer body() {
    packet.position(1);
    return packet;
  }

  /** How many descriptors came with the packet; each is the caller's. */
  public int descriptorCount() {
    return message.descriptorCount();
  }

  public int descriptor(int index) {
    return message.descriptor(index);
  }
}
