package org.portbouncer.core.worker;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;

/**
 * Makes sockets to targets as {@link SocketSettings} say, before they connect. The connect worker
 * does so for sessions, the mother at start and at a reload, to learn what the kernel refuses. On
 * one thread.
 */
public final class SocketSetup {

  private static final int STREAM = Const.SOCK_STREAM | Const.SOCK_NONBLOCK | Const.SOCK_CLOEXEC;

  /** More than any configuration has; those of older ones go then. */
  private static final int MOST = 4096;

  private final Map<String, MemorySegment> sources = new HashMap<>();
  private final Map<String, MemorySegment> devices = new HashMap<>();
  private final MemorySegment value = Native.allocate(4);
  private final MemorySegment clients = Native.allocate(SockAddr.ROOM);
  private SocketSettings settings = SocketSettings.NONE;
  private String refused = "";

  /** The sockets that are made from here on are made so. */
  public void begin(SocketSettings settings) {
    this.settings = settings;
  }

  /** The client for whom they are made: its normal address lies there. */
  public void client(MemorySegment address, long at) {
    MemorySegment.copy(address, at, clients, 0, SockAddr.BYTES);
  }

  /** Which key the kernel refused the last time, for messages. */
  public String refused() {
    return refused;
  }

  /**
   * A non-blocking socket for that family, ready to connect: of a stream, or of datagrams.
   *
   * @return the descriptor or the negated errno; EAFNOSUPPORT where the source is of another family
   */
  public int open(int family, boolean datagrams) {
    if (family == Const.AF_UNIX) {
      return Libc.socket(family, STREAM, 0);
    }
    refused = "mptcp";
    int type = datagrams ? STREAM & ~Const.SOCK_STREAM | Const.SOCK_DGRAM : STREAM;
    int protocol = settings.isMptcp() && !datagrams ? Const.IPPROTO_MPTCP : 0;
    int fd = Libc.socket(family, type, protocol);
    if (fd < 0) {
      return fd;
    }
    int result = apply(fd, family);
    if (result < 0) {
      Libc.close(fd);
      return result;
    }
    return fd;
  }

  private int apply(int fd, int family) {
    int result = 0;
    if (!settings.device().isEmpty()) {
      refused = "interface";
      MemorySegment name = device(settings.device());
      result =
          Libc.setsockopt(
              fd, Const.SOL_SOCKET, Const.SO_BINDTODEVICE, name.address(), (int) name.byteSize());
    }
    if (result == 0 && settings.mark() >= 0) {
      refused = "mark";
      result = set(fd, Const.SOL_SOCKET, Const.SO_MARK, (int) settings.mark());
    }
    if (result == 0 && !settings.source().isEmpty()) {
      refused = "source";
      result = source(fd, family);
    }
    if (result == 0 && settings.dscp() >= 0) {
      refused = "dscp";
      // The lower two bits are those of congestion notification.
      int bits = settings.dscp() << 2;
      result =
          family == Const.AF_INET
              ? set(fd, Const.IPPROTO_IP, Const.IP_TOS, bits)
              : set(fd, Const.IPPROTO_IPV6, Const.IPV6_TCLASS, bits);
    }
    return result;
  }

  private int source(int fd, int family) {
    boolean client = settings.source().equals(SocketSettings.CLIENT);
    MemorySegment address = client ? clients : source(settings.source());
    if (SockAddr.family(address, 0) != family) {
      return -Errno.EAFNOSUPPORT;
    }
    int result = 0;
    if (client) {
      result =
          family == Const.AF_INET
              ? set(fd, Const.IPPROTO_IP, Const.IP_TRANSPARENT, 1)
              : set(fd, Const.IPPROTO_IPV6, Const.IPV6_TRANSPARENT, 1);
      SockAddr.port(clients, 0, 0);
    }
    if (result == 0) {
      // The port is chosen when it connects: as many as there are for each target, not for all.
      set(fd, Const.IPPROTO_IP, Const.IP_BIND_ADDRESS_NO_PORT, 1);
      result = Libc.bind(fd, address.address(), SockAddr.length(address, 0));
    }
    return result;
  }

  private int set(int fd, int level, int option, int number) {
    value.set(JAVA_INT, 0, number);
    return Libc.setsockopt(fd, level, option, value.address(), 4);
  }

  private MemorySegment source(String text) {
    MemorySegment known = sources.get(text);
    if (known == null) {
      if (sources.size() == MOST) {
        sources.clear();
      }
      known = Arena.ofAuto().allocate(SockAddr.ROOM, 8);
      SockAddr.put(known, 0, InetAddress.ofLiteral(text), 0);
      sources.put(text, known);
    }
    return known;
  }

  private MemorySegment device(String name) {
    MemorySegment known = devices.get(name);
    if (known == null) {
      if (devices.size() == MOST) {
        devices.clear();
      }
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      known = Arena.ofAuto().allocate(bytes.length, 1);
      MemorySegment.copy(bytes, 0, known, JAVA_BYTE, 0, bytes.length);
      devices.put(name, known);
    }
    return known;
  }
}
