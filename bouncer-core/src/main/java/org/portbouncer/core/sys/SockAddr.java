package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Socket addresses in the kernel's own layout (ip(7), ipv6(7), unix(7)), read and written in place.
 * Runs in every process.
 *
 * <pre>
 *   sockaddr_in    0 family u16 | 2 port, big-endian | 4 address, 4 bytes
 *   sockaddr_in6   0 family u16 | 2 port, big-endian | 4 flow | 8 address, 16 bytes | 24 scope u32
 *   sockaddr_un    0 family u16 | 2 path, at most 107 bytes and a zero
 * </pre>
 *
 * Session state and session table keep {@link #BYTES} of it: an Internet address whole, of a Unix
 * address only the family (a client's end has no name).
 */
public final class SockAddr {

  /** The size of a sockaddr_in6, the longest address that is kept. */
  public static final int BYTES = 28;

  /** The longest path of a Unix socket, in bytes of UTF-8. */
  public static final int MOST_PATH = 107;

  /** Room for any address a call may write, a sockaddr_un's included. */
  public static final int ROOM = 128;

  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfShort PORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt V4 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong V6 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private static final long MAPPED_PREFIX = 0x0000_ffff_0000_0000L;

  /** What {@link #isOwn} reads into: an address, and its length behind it. */
  private static final MemorySegment OWN = Native.allocate(ROOM + 8L);

  private SockAddr() {}

  public static int family(MemorySegment m, long at) {
    return m.get(SHORT, at) & 0xffff;
  }

  /** The port; 0 for a Unix address. */
  public static int port(MemorySegment m, long at) {
    return family(m, at) == Const.AF_UNIX ? 0 : m.get(PORT, at + 2) & 0xffff;
  }

  /** Sets the port of an Internet address. */
  public static void port(MemorySegment m, long at, int port) {
    m.set(PORT, at + 2, (short) port);
  }

  /** The IPv4 address as one number, most significant byte first. */
  public static int v4(MemorySegment m, long at) {
    return m.get(V4, at + 4);
  }

  /** The upper half of the IPv6 address. */
  public static long v6High(MemorySegment m, long at) {
    return m.get(V6, at + 8);
  }

  /** The lower half of the IPv6 address. */
  public static long v6Low(MemorySegment m, long at) {
    return m.get(V6, at + 16);
  }

  /**
   * Brings an address that a call wrote into the one form that rules, sources and logs know: an
   * IPv4-mapped IPv6 address, which is what a dual-stack listener reports for an IPv4 client,
   * becomes the IPv4 address it stands for, and the bytes behind an IPv4 address are zero.
   */
  public static void normalize(MemorySegment m, long at) {
    if (family(m, at) == Const.AF_INET6
        && v6High(m, at) == 0
        && (v6Low(m, at) & 0xffff_ffff_0000_0000L) == MAPPED_PREFIX) {
      int address = (int) v6Low(m, at);
      m.set(SHORT, at, (short) Const.AF_INET);
      m.set(V4, at + 4, address);
    }
    if (family(m, at) == Const.AF_INET) {
      m.set(V6, at + 8, 0);
      m.set(V6, at + 16, 0);
      m.set(INT, at + 24, 0);
    }
  }

  /**
   * Writes an Internet address.
   *
   * @return the length for bind and connect
   */
  public static int put(MemorySegment m, long at, InetAddress address, int port) {
    m.asSlice(at, BYTES).fill((byte) 0);
    byte[] bytes = address.getAddress();
    boolean four = address instanceof Inet4Address;
    m.set(SHORT, at, (short) (four ? Const.AF_INET : Const.AF_INET6));
    m.set(PORT, at + 2, (short) port);
    MemorySegment.copy(bytes, 0, m, JAVA_BYTE, at + (four ? 4 : 8), bytes.length);
    if (!four) {
      m.set(INT, at + 24, ((java.net.Inet6Address) address).getScopeId());
    }
    return four ? 16 : BYTES;
  }

  /**
   * Writes an Internet address from its text; that of a link-local one has an interface, whose
   * index is looked up, and 0 where there is none.
   *
   * @return the length for bind and connect
   */
  public static int put(MemorySegment m, long at, String host, int port) {
    int percent = host.indexOf('%');
    if (percent < 0) {
      return put(m, at, InetAddress.ofLiteral(host), port);
    }
    int length = put(m, at, InetAddress.ofLiteral(host.substring(0, percent)), port);
    m.set(INT, at + 24, Interfaces.index(host.substring(percent + 1)));
    return length;
  }

  /** The interface of a link-local address; 0 for none. */
  public static int scope(MemorySegment m, long at) {
    return family(m, at) == Const.AF_INET6 ? m.get(INT, at + 24) : 0;
  }

  /**
   * Writes a Unix path.
   *
   * @return the length for bind and connect
   * @throws IllegalArgumentException where the path is longer than {@link #MOST_PATH}
   */
  public static int putUnix(MemorySegment m, long at, String path) {
    byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MOST_PATH) {
      throw new IllegalArgumentException(
          "a socket path has at most " + MOST_PATH + " bytes: " + path);
    }
    m.asSlice(at, 110).fill((byte) 0);
    m.set(SHORT, at, (short) Const.AF_UNIX);
    MemorySegment.copy(bytes, 0, m, JAVA_BYTE, at + 2, bytes.length);
    return 2 + bytes.length + 1;
  }

  /** Marks an address as Unix without a name. */
  public static void putUnnamed(MemorySegment m, long at) {
    m.asSlice(at, BYTES).fill((byte) 0);
    m.set(SHORT, at, (short) Const.AF_UNIX);
  }

  /** Whether an Internet address is 0.0.0.0 or ::, all of a machine's. */
  public static boolean isAny(MemorySegment m, long at) {
    return family(m, at) == Const.AF_INET
        ? v4(m, at) == 0
        : v6High(m, at) == 0 && v6Low(m, at) == 0;
  }

  /** Whether an IPv6 address is one of those that need an interface. */
  public static boolean isLinkLocal(MemorySegment m, long at) {
    return family(m, at) == Const.AF_INET6 && v6High(m, at) >>> 54 == 0xfe80 >>> 6;
  }

  /**
   * Whether a socket's own address is the Internet address at the start of {@code m}, port
   * included. On one thread of a process alone.
   */
  public static boolean isOwn(int fd, MemorySegment m) {
    OWN.set(INT, ROOM, ROOM);
    if (Libc.getsockname(fd, OWN.address(), OWN.address() + ROOM) < 0
        || family(OWN, 0) != family(m, 0)
        || port(OWN, 0) != port(m, 0)) {
      return false;
    }
    return family(m, 0) == Const.AF_INET
        ? v4(OWN, 0) == v4(m, 0)
        : v6High(OWN, 0) == v6High(m, 0) && v6Low(OWN, 0) == v6Low(m, 0);
  }

  /** The length that bind and connect want for the Internet address at {@code at}. */
  public static int length(MemorySegment m, long at) {
    return family(m, at) == Const.AF_INET ? 16 : BYTES;
  }

  /** {@code 192.0.2.1:80}, {@code [2001:db8::1]:80}, {@code unix:} or, where there is none, "". */
  public static String text(MemorySegment m, long at) {
    return switch (family(m, at)) {
      case Const.AF_INET -> host4(v4(m, at)) + ':' + port(m, at);
      case Const.AF_INET6 -> '[' + host6(m, at) + "]:" + port(m, at);
      case Const.AF_UNIX -> "unix:";
      default -> "";
    };
  }

  /** The address alone, without brackets; "" where there is none. */
  public static String host(MemorySegment m, long at) {
    return switch (family(m, at)) {
      case Const.AF_INET -> host4(v4(m, at));
      case Const.AF_INET6 -> host6(m, at);
      default -> "";
    };
  }

  private static String host4(int address) {
    return (address >>> 24)
        + "."
        + (address >>> 16 & 0xff)
        + "."
        + (address >>> 8 & 0xff)
        + "."
        + (address & 0xff);
  }

  /** The text of RFC 5952: the longest run of zero groups is `::`. */
  private static String host6(MemorySegment m, long at) {
    int[] groups = new int[8];
    for (int i = 0; i < 8; i++) {
      groups[i] = m.get(PORT, at + 8 + 2L * i) & 0xffff;
    }
    int start = -1;
    int length = 1;
    for (int i = 0; i < 8; i++) {
      int j = i;
      while (j < 8 && groups[j] == 0) {
        j++;
      }
      if (j - i > length) {
        start = i;
        length = j - i;
      }
    }
    StringBuilder text = new StringBuilder(40);
    for (int i = 0; i < 8; i++) {
      if (i == start) {
        text.append(i == 0 ? "::" : ":");
        i += length - 1;
      } else {
        text.append(Integer.toHexString(groups[i]));
        if (i < 7) {
          text.append(':');
        }
      }
    }
    return text.toString();
  }

  /** An address as java.net knows it. */
  public static InetAddress address(MemorySegment m, long at) {
    boolean four = family(m, at) == Const.AF_INET;
    byte[] bytes = new byte[four ? 4 : 16];
    MemorySegment.copy(m, JAVA_BYTE, at + (four ? 4 : 8), bytes, 0, bytes.length);
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 and 16 bytes are always an address", e);
    }
  }
}
