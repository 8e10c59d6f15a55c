package org.portbouncer.negotiator.connect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.core.sys.EphemeralPorts;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.SockAddr;

class TargetSocketsTest {

  private final TargetSockets sockets = new TargetSockets();

  /** A port that the kernel has just given away, so one of those it gives to connections. */
  private static int free(InetAddress host) throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, host)) {
      return socket.getLocalPort();
    }
  }

  private int boundTo(InetAddress host, int port) {
    TargetSockets.Address address = new TargetSockets.Address(host, port, false);
    int fd = sockets.open(address);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(SockAddr.ROOM, 8);
      int length = SockAddr.put(memory, 0, host, port);
      assertThat(Libc.bind(fd, memory.address(), length)).isZero();
    }
    return fd;
  }

  private static int connected(TargetSockets.Address address, int fd) {
    int result = address.connect(fd);
    while (result == -Errno.EINPROGRESS || result == -Errno.EALREADY) {
      Thread.onSpinWait();
      result = address.connect(fd);
    }
    return result;
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.0.0.7", "::1"})
  void shouldCallAConnectionWithItselfRefusedAndFreeThePort(String host) throws IOException {
    InetAddress address = InetAddress.ofLiteral(host);
    int port = free(address);
    TargetSockets.Address target = new TargetSockets.Address(address, port, false);
    int fd = boundTo(address, port);
    try {
      assertThat(connected(target, fd)).isEqualTo(-Errno.ECONNREFUSED);
    } finally {
      Libc.close(fd);
    }
    // The target comes up, and does not even ask for SO_REUSEADDR.
    try (ServerSocket up = new ServerSocket()) {
      up.setReuseAddress(false);
      up.bind(new InetSocketAddress(address, port));
      assertThat(up.isBound()).isTrue();
    }
  }

  @Test
  void shouldConnectFromTheSamePortOfAnotherAddress() throws IOException {
    InetAddress there = InetAddress.ofLiteral("127.0.0.1");
    InetAddress here = InetAddress.ofLiteral("127.0.0.2");
    try (ServerSocket up = new ServerSocket(0, 1, there)) {
      assumeThat(EphemeralPorts.ofThisMachine().contain(up.getLocalPort())).isTrue();
      TargetSockets.Address target = new TargetSockets.Address(there, up.getLocalPort(), false);
      int fd = boundTo(here, up.getLocalPort());
      assertThat(connected(target, fd)).isZero();
      Libc.close(fd);
    }
  }
}
