package org.portbouncer.system;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A client of datagrams, which takes answers from whom it asked alone. Not connected, for over a
 * connected socket Java sends no empty datagram.
 */
final class UdpClient implements AutoCloseable {

  private static final int LONGEST = 65_535;

  /** Ports of all clients so far: the log tells a client by its address, and has one of each. */
  private static final Set<Integer> USED = ConcurrentHashMap.newKeySet();

  private final DatagramSocket socket;

  private final InetSocketAddress server;

  private UdpClient(DatagramSocket socket, String host, int port) throws IOException {
    this.socket = socket;
    server = new InetSocketAddress(InetAddress.getByName(host), port);
    socket.setReceiveBufferSize(4 << 20);
    socket.setSoTimeout((int) Patience.millis(5000));
  }

  static UdpClient to(int port) throws IOException {
    return to("127.0.0.1", port);
  }

  static UdpClient to(String host, int port) throws IOException {
    String own = host.indexOf(':') < 0 ? "127.0.0.1" : "::1";
    return new UdpClient(bound(own), host, port);
  }

  private static DatagramSocket bound(String own) throws IOException {
    DatagramSocket socket = new DatagramSocket(0, InetAddress.getByName(own));
    while (!USED.add(socket.getLocalPort())) {
      socket.close();
      socket = new DatagramSocket(0, InetAddress.getByName(own));
    }
    return socket;
  }

  /** One that sends from an address of its own. */
  static UdpClient from(String own, int port) throws IOException {
    return new UdpClient(bound(own), "127.0.0.1", port);
  }

  /** As the access log writes it. */
  String address() {
    String host = socket.getLocalAddress().getHostAddress();
    return (host.indexOf(':') < 0 ? host : "[::1]") + ":" + socket.getLocalPort();
  }

  InetSocketAddress socketAddress() {
    return (InetSocketAddress) socket.getLocalSocketAddress();
  }

  void send(byte[] bytes) throws IOException {
    socket.send(new DatagramPacket(bytes, bytes.length, server));
  }

  void send(String text) throws IOException {
    send(text.getBytes(StandardCharsets.UTF_8));
  }

  byte[] receive() throws IOException {
    byte[] buffer = new byte[LONGEST];
    DatagramPacket packet = new DatagramPacket(buffer, LONGEST);
    do {
      packet.setLength(LONGEST);
      socket.receive(packet);
    } while (!packet.getSocketAddress().equals(server));
    return Arrays.copyOf(buffer, packet.getLength());
  }

  String receiveText() throws IOException {
    return new String(receive(), StandardCharsets.UTF_8);
  }

  /** Whether nothing comes for so long. */
  boolean isSilentFor(int millis) throws IOException {
    socket.setSoTimeout(millis);
    try {
      receive();
      return false;
    } catch (SocketTimeoutException e) {
      return true;
    } finally {
      socket.setSoTimeout((int) Patience.millis(5000));
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
