package org.portbouncer.negotiator.negotiate;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;

/**
 * Reads a header of the PROXY protocol, version 1 or 2, as far as it is there, and says how long it
 * is. Looks at no byte behind it and keeps none. One is used for one header after the other; in the
 * negotiate worker, on its loop's thread.
 *
 * <pre>
 *   version 1   "PROXY " TCP4|TCP6 source destination port port CR LF, or UNKNOWN and anything
 *   version 2    0 signature, 12 bytes | 12 version 2 and command | 13 family and kind
 *               14 length u16, big-endian, of what follows
 *               16 addresses: 12 bytes of IPv4, 36 of IPv6, 216 of Unix sockets, none
 *                  TLVs: type u8, length u16, big-endian, bytes
 * </pre>
 */
public final class ProxyHeader {

  /** What version 1 has at most, and what is to be looked at first. */
  public static final int FIRST = 107;

  /** The longest there is. */
  public static final int MOST = 16 + 65_535;

  /** What is known of a header. */
  public enum Outcome {
    /** All of it is there: {@link #length} bytes. */
    WHOLE,
    /** It goes on: {@link #length} bytes in all, where that is not 0. */
    MORE,
    /** It is none; {@link #wrong} says why. */
    MALFORMED
  }

  private static final ValueLayout.OfShort BIG =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final byte[] V2 = {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10};
  private static final byte[] V1 = {'P', 'R', 'O', 'X', 'Y', ' '};

  private static final int V2_HEAD = 16;
  private static final int TLV_HEAD = 3;
  private static final int CRC_TYPE = 3;

  private static final int SOURCE = 0;
  private static final int DESTINATION = 32;

  private final MemorySegment addresses = Native.allocate(64);
  private final CRC32C crc = new CRC32C();
  private final ProxyLine line = new ProxyLine(this);

  private MemorySegment bytes = MemorySegment.NULL;
  private int length;
  private String wrong = "";
  private boolean source;
  private boolean destination;
  private int tlvs;
  private int tlvsLength;

  /**
   * Reads what has come.
   *
   * @param bytes the connection's first bytes, from its start
   * @param available how many
   */
  public Outcome read(MemorySegment bytes, int available) {
    this.bytes = bytes;
    length = 0;
    wrong = "";
    source = false;
    destination = false;
    tlvs = 0;
    tlvsLength = 0;
    if (available == 0) {
      return Outcome.MORE;
    }
    if (begins(V2, available)) {
      return available < V2_HEAD ? Outcome.MORE : second(available);
    }
    if (begins(V1, available)) {
      return available < V1.length ? Outcome.MORE : line.read(bytes, available);
    }
    return malformed("it does not begin with one");
  }

  private boolean begins(byte[] with, int available) {
    for (int i = 0; i < Math.min(with.length, available); i++) {
      if (bytes.get(JAVA_BYTE, i) != with[i]) {
        return false;
      }
    }
    return true;
  }

  private Outcome second(int available) {
    int command = bytes.get(JAVA_BYTE, 12) & 0xff;
    int family = bytes.get(JAVA_BYTE, 13) & 0xff;
    int rest = bytes.get(BIG, 14) & 0xffff;
    if (command >>> 4 != 2) {
      return malformed("its version is " + (command >>> 4));
    }
    if ((command & 15) > 1) {
      return malformed("its command is " + (command & 15));
    }
    if (family >>> 4 > 3 || (family & 15) > 2) {
      return malformed("its addresses are of an unknown family or kind");
    }
    boolean proxied = (command & 15) == 1;
    int forAddresses =
        switch (family >>> 4) {
          case 1 -> 12;
          case 2 -> 36;
          case 3 -> 216;
          default -> 0;
        };
    if (proxied && forAddresses > rest) {
      return malformed("it is too short for its addresses");
    }
    if (proxied && (family & 15) == 2) {
      return malformed("it is for datagrams");
    }
    length = V2_HEAD + rest;
    if (available < length) {
      return Outcome.MORE;
    }
    if (forAddresses <= rest && !readTlvs(V2_HEAD + forAddresses) && proxied && family != 0) {
      return malformed("its TLVs are of other lengths than it");
    }
    if (!wrong.isEmpty()) {
      return Outcome.MALFORMED;
    }
    if (proxied && (family == 0x11 || family == 0x21)) {
      addresses(family == 0x11);
    }
    return Outcome.WHOLE;
  }

  private void addresses(boolean four) {
    source = true;
    destination = true;
    addresses.fill((byte) 0);
    int width = four ? 4 : 16;
    for (int i = 0; i < 2; i++) {
      int to = i == 0 ? SOURCE : DESTINATION;
      addresses.set(JAVA_SHORT_UNALIGNED, to, (short) (four ? Const.AF_INET : Const.AF_INET6));
      MemorySegment.copy(bytes, V2_HEAD + 2 * width + 2L * i, addresses, to + 2, 2);
      MemorySegment.copy(bytes, V2_HEAD + (long) i * width, addresses, to + (four ? 4 : 8), width);
      SockAddr.normalize(addresses, to);
    }
  }

  /** Whether they fill the header exactly; a wrong checksum is noted. */
  private boolean readTlvs(int from) {
    int at = from;
    while (at < length) {
      if (length - at < TLV_HEAD) {
        return false;
      }
      int own = bytes.get(BIG, at + 1) & 0xffff;
      if (own > length - at - TLV_HEAD) {
        return false;
      }
      if (bytes.get(JAVA_BYTE, at) == CRC_TYPE && !checksum(at + TLV_HEAD, own)) {
        wrong = "its checksum is wrong";
        return true;
      }
      at += TLV_HEAD + own;
    }
    tlvs = from;
    tlvsLength = length - from;
    return true;
  }

  /** CRC-32C over all of the header, where the checksum itself counts as zeros. */
  private boolean checksum(int at, int size) {
    if (size != 4) {
      return false;
    }
    crc.reset();
    crc.update(bytes.asSlice(0, at).asByteBuffer());
    for (int i = 0; i < 4; i++) {
      crc.update(0);
    }
    crc.update(bytes.asSlice(at + 4, length - at - 4).asByteBuffer());
    int said = bytes.get(JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), at);
    return said == (int) crc.getValue();
  }

  // What the line of version 1 says.

  Outcome malformed(String why) {
    wrong = why;
    source = false;
    destination = false;
    return Outcome.MALFORMED;
  }

  Outcome line(int bytesOfIt) {
    length = bytesOfIt;
    return Outcome.WHOLE;
  }

  void source(boolean four, long high, long low, int port) {
    addresses.fill((byte) 0);
    source = true;
    put(SOURCE, four, high, low, port);
  }

  void destination(boolean four, long high, long low, int port) {
    destination = true;
    put(DESTINATION, four, high, low, port);
  }

  private void put(int at, boolean four, long high, long low, int port) {
    addresses.set(JAVA_SHORT_UNALIGNED, at, (short) (four ? Const.AF_INET : Const.AF_INET6));
    addresses.set(BIG, at + 2, (short) port);
    if (four) {
      addresses.set(JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), at + 4, (int) low);
    } else {
      addresses.set(JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), at + 8, high);
      addresses.set(JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), at + 16, low);
    }
    SockAddr.normalize(addresses, at);
  }

  // What was read.

  /** How long it is; 0 where that is not known yet. */
  public int length() {
    return length;
  }

  /** Why it is none. */
  public String wrong() {
    return wrong;
  }

  /** Whether it says who the client is. */
  public boolean hasSource() {
    return source;
  }

  /** Whether it says which address the client came to. */
  public boolean hasDestination() {
    return destination;
  }

  /** Where the addresses stand, as {@link SockAddr} lays them out. */
  public MemorySegment addresses() {
    return addresses;
  }

  public long sourceAt() {
    return SOURCE;
  }

  public long destinationAt() {
    return DESTINATION;
  }

  /** Where its TLVs begin. */
  public int tlvs() {
    return tlvs;
  }

  /** How many bytes they have; 0 for none. */
  public int tlvsLength() {
    return tlvsLength;
  }
}
