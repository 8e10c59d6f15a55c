package org.portbouncer.negotiator.connect;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.portbouncer.core.config.ProxyProtocol;
import org.portbouncer.core.config.ProxyProtocol.Send;
import org.portbouncer.core.config.ProxyProtocol.Tlvs;
import org.portbouncer.core.hop.SectionReader;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Sections;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;

/**
 * Makes the PROXY header that a target gets before all else. One serves all sessions of a connect
 * worker, on the thread of its loop: what was made stays until the next.
 */
final class ProxyGreeting {

  private static final ValueLayout.OfShort SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final byte[] SIGNATURE = {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10};
  private static final int LENGTH = 14;
  private static final int HEAD = 16;
  private static final int MOST = HEAD + 65_535;
  private static final int TLV_HEAD = 3;

  private static final int ALPN = 1;
  private static final int AUTHORITY = 2;
  private static final int CRC32C = 3;
  private static final int NOOP = 4;
  private static final int UNIQUE_ID = 5;

  private static final long MAPPED = 0xffff_0000_0000L;

  private final MemorySegment bytes = Native.allocate(MOST);
  private final MemorySegment own = Native.allocate(SockAddr.ROOM + 8L);
  private final SectionReader sections = new SectionReader();
  private final CRC32C crc = new CRC32C();
  private final boolean[] written = new boolean[256];
  private int length;

  /** What was made, and how many bytes of it there are. */
  MemorySegment bytes() {
    return bytes;
  }

  /**
   * Makes a session's header.
   *
   * @param send which kind; not none
   * @param datagrams whether the target gets datagrams, and then a header of version 2 on each
   * @param fd the connection to its target
   * @return how long it is; -1 where what the session brought along is damaged
   */
  int make(
      Session session,
      Send send,
      boolean datagrams,
      ProxyProtocol.Tlvs tlvs,
      SessionTable table,
      int fd) {
    SessionState state = session.state();
    boolean known = isInet(state, state.client()) && isInet(state, state.local());
    if (send == Send.V1) {
      return known ? line(state) : ownLine(fd);
    }
    length = HEAD;
    MemorySegment.copy(SIGNATURE, 0, bytes, JAVA_BYTE, 0, SIGNATURE.length);
    bytes.set(JAVA_BYTE, 12, (byte) (known ? 0x21 : 0x20));
    boolean four = known && isFour(state, state.client()) && isFour(state, state.local());
    bytes.set(JAVA_BYTE, 13, (byte) (known ? (four ? 0x10 : 0x20) + (datagrams ? 2 : 1) : 0));
    if (known) {
      address(state, state.client(), four);
      address(state, state.local(), four);
      bytes.set(SHORT, length, (short) SockAddr.port(state.memory(), state.client()));
      bytes.set(SHORT, length + 2L, (short) SockAddr.port(state.memory(), state.local()));
      length += 4;
    }
    if (!tlvs(session, tlvs, table)) {
      return -1;
    }
    return length;
  }

  /**
   * Makes the header of a connection that is no client's, such as a check.
   *
   * @param send which kind; not none
   * @param fd the connection
   * @return how long it is
   */
  int makeOwn(Send send, int fd) {
    if (send == Send.V1) {
      return ownLine(fd);
    }
    MemorySegment.copy(SIGNATURE, 0, bytes, JAVA_BYTE, 0, SIGNATURE.length);
    bytes.set(JAVA_BYTE, 12, (byte) 0x20);
    bytes.set(JAVA_BYTE, 13, (byte) 0);
    bytes.set(SHORT, LENGTH, (short) 0);
    return HEAD;
  }

  private static boolean isInet(SessionState state, long at) {
    int family = SockAddr.family(state.memory(), at);
    return family == Const.AF_INET || family == Const.AF_INET6;
  }

  private static boolean isFour(SessionState state, long at) {
    return SockAddr.family(state.memory(), at) == Const.AF_INET;
  }

  /** An address without its port; one of IPv4 is mapped where the other one is of IPv6. */
  private void address(SessionState state, long at, boolean four) {
    MemorySegment from = state.memory();
    if (four) {
      bytes.set(INT, length, SockAddr.v4(from, at));
      length += 4;
      return;
    }
    boolean mapped = isFour(state, at);
    long high = mapped ? 0 : SockAddr.v6High(from, at);
    long low = mapped ? MAPPED | SockAddr.v4(from, at) & 0xffff_ffffL : SockAddr.v6Low(from, at);
    bytes.set(LONG, length, high);
    bytes.set(LONG, length + 8L, low);
    length += 16;
  }

  // TLVs.

  private boolean tlvs(Session session, Tlvs tlvs, SessionTable table) {
    boolean intact = true;
    java.util.Arrays.fill(written, false);
    // Ours only, of a header as it is: the checksum is made anew.
    written[CRC32C] = true;
    written[NOOP] = true;
    text(ALPN, tlvs.alpn());
    text(AUTHORITY, tlvs.authority());
    if (tlvs.uniqueId()) {
      SessionState state = session.state();
      text(UNIQUE_ID, state.id() + "-" + table.acceptedWallMs(state.record()));
    }
    for (int i = 0; i < tlvs.custom().size(); i++) {
      text(tlvs.custom().get(i).type(), tlvs.custom().get(i).text());
    }
    if (tlvs.passesAny() && session.state().sections() > 0) {
      intact = sections.read(session);
      long at = intact ? sections.find(Sections.Type.PROXY_TLVS) : -1;
      if (at >= 0) {
        pass(tlvs, sections.memory(), at, at + sections.lengthOf(at));
      }
    }
    if (tlvs.crc32c() && length + TLV_HEAD + 4 <= MOST) {
      checksum();
    } else {
      bytes.set(SHORT, LENGTH, (short) (length - HEAD));
    }
    return intact;
  }

  private void text(int type, String text) {
    if (text.isEmpty()) {
      return;
    }
    byte[] value = text.getBytes(StandardCharsets.UTF_8);
    head(type, value.length);
    MemorySegment.copy(value, 0, bytes, JAVA_BYTE, length, value.length);
    length += value.length;
    written[type] = true;
  }

  private void head(int type, int size) {
    bytes.set(JAVA_BYTE, length, (byte) type);
    bytes.set(SHORT, length + 1L, (short) size);
    length += TLV_HEAD;
  }

  /** Those that were received, as far as they are wanted and there is room. */
  private void pass(Tlvs tlvs, MemorySegment from, long begin, long end) {
    int most = tlvs.crc32c() ? MOST - TLV_HEAD - 4 : MOST;
    long at = begin;
    while (end - at >= TLV_HEAD) {
      int type = from.get(JAVA_BYTE, at) & 0xff;
      int size = from.get(SHORT, at + 1) & 0xffff;
      if (size > end - at - TLV_HEAD) {
        return;
      }
      boolean wanted = !written[type] && (tlvs.passAll() || isListed(tlvs, type));
      if (wanted && length + TLV_HEAD + size <= most) {
        head(type, size);
        MemorySegment.copy(from, at + TLV_HEAD, bytes, length, size);
        length += size;
      }
      at += TLV_HEAD + size;
    }
  }

  private static boolean isListed(Tlvs tlvs, int type) {
    for (int i = 0; i < tlvs.pass().size(); i++) {
      if (tlvs.pass().get(i) == type) {
        return true;
      }
    }
    return false;
  }

  private void checksum() {
    head(CRC32C, 4);
    bytes.set(INT, length, 0);
    length += 4;
    bytes.set(SHORT, LENGTH, (short) (length - HEAD));
    crc.reset();
    crc.update(bytes.asSlice(0, length).asByteBuffer());
    bytes.set(INT, length - 4L, (int) crc.getValue());
  }

  // Version 1.

  private int line(SessionState state) {
    boolean four = isFour(state, state.client()) && isFour(state, state.local());
    return line(
        four,
        text(state.memory(), state.client(), four),
        text(state.memory(), state.local(), four),
        SockAddr.port(state.memory(), state.client()),
        SockAddr.port(state.memory(), state.local()));
  }

  private int line(boolean four, String source, String target, int fromPort, int toPort) {
    String line =
        (four ? "PROXY TCP4 " : "PROXY TCP6 ")
            + source
            + ' '
            + target
            + ' '
            + fromPort
            + ' '
            + toPort
            + "\r\n";
    return put(line);
  }

  private int put(String line) {
    byte[] ascii = line.getBytes(StandardCharsets.US_ASCII);
    MemorySegment.copy(ascii, 0, bytes, JAVA_BYTE, 0, ascii.length);
    return ascii.length;
  }

  private static String text(MemorySegment m, long at, boolean four) {
    String text = SockAddr.host(m, at);
    return four || text.indexOf(':') >= 0 ? text : "::ffff:" + text;
  }

  /**
   * A client without an address is ourselves, as in HAProxy's own checks: of those who read version
   * 1 many refuse a line that says that nothing is known.
   */
  private int ownLine(int fd) {
    own.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
    long room = own.address() + SockAddr.ROOM;
    if (Libc.getsockname(fd, own.address(), room) < 0 || !isInet(own)) {
      return put("PROXY UNKNOWN\r\n");
    }
    boolean four = SockAddr.family(own, 0) == Const.AF_INET;
    String source = SockAddr.host(own, 0);
    int port = SockAddr.port(own, 0);
    own.set(JAVA_INT, SockAddr.ROOM, SockAddr.ROOM);
    if (Libc.getpeername(fd, own.address(), room) < 0 || !isInet(own)) {
      return put("PROXY UNKNOWN\r\n");
    }
    return line(four, source, SockAddr.host(own, 0), port, SockAddr.port(own, 0));
  }

  private static boolean isInet(MemorySegment own) {
    int family = SockAddr.family(own, 0);
    return family == Const.AF_INET || family == Const.AF_INET6;
  }
}
