package org.portbouncer.core.control;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import org.portbouncer.core.hop.MessageHeader;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/**
 * One end of a link of packets, as the one between the mother and a worker. Used on one thread at
 * each end. Packets are built and read in one buffer, little-endian, the first byte a code that
 * says what it is; sending never waits. What a code means, and whether a packet is whole, is up to
 * who reads it: {@link OrderReader}, {@link ReportReader}.
 */
public final class ControlChannel {

  /** The longest packet. */
  public static final int MAX_BYTES = 16 * 1024;

  private int fd;
  private final MemorySegment memory = Native.allocate(MAX_BYTES);
  private final MessageHeader message = new MessageHeader(1);
  private final ByteBuffer packet = memory.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);

  /** How many descriptors came with the packet received; a packet that is sent has its own. */
  private int received;

  /** Those of them that are somebody's by now, one bit each. */
  private final BitSet taken = new BitSet();

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

  /**
   * Starts a packet of this code; put its fields into the buffer that is returned, then send. What
   * came before and was not taken is gone: who answers a packet has read it.
   */
  public ByteBuffer begin(int code) {
    closeDescriptors();
    received = 0;
    message.reset();
    packet.clear();
    packet.put((byte) code);
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
   * Receives one packet, and descriptors with it.
   *
   * @return its length; 0 at the end: the other process has gone; the negated errno where none is
   *     there
   */
  public int receive() {
    prepare();
    return received(message.receive(fd));
  }

  /**
   * Receives one packet on an end where descriptors are not asked for: those that come are dropped
   * by the kernel, and the packet counts as {@link #truncated}.
   *
   * @return as {@link #receive}
   */
  public int receiveBare() {
    prepare();
    return received(message.receiveBare(fd));
  }

  private void prepare() {
    message.reset();
    received = 0;
    taken.clear();
    message.addVector(memory.address(), memory.byteSize());
  }

  private int received(long length) {
    received = message.descriptorCount();
    packet.clear();
    packet.limit(Math.clamp(length, 0, MAX_BYTES));
    return (int) length;
  }

  /** Whether not all of the packet received, or not all of its descriptors, had room. */
  public boolean truncated() {
    return message.truncated();
  }

  /** What the packet received is. */
  public int code() {
    return memory.get(JAVA_BYTE, 0) & 0xff;
  }

  /** The fields of the packet received. */
  public Fields fields() {
    packet.position(Math.min(1, packet.limit()));
    return new Fields(packet);
  }

  /** How many descriptors came with the packet. */
  public int descriptorCount() {
    return received;
  }

  /** Takes a descriptor of the packet; it is the caller's from here on. */
  public int take(int index) {
    taken.set(index);
    return message.descriptor(index);
  }

  /** Closes the descriptors of the packet that nobody has taken. */
  public void closeDescriptors() {
    for (int i = 0; i < received; i++) {
      if (!taken.get(i)) {
        Libc.close(message.descriptor(i));
        taken.set(i);
      }
    }
  }
}
