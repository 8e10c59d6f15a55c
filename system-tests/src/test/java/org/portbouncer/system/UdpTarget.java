package org.portbouncer.system;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;

/** A server of datagrams: sends each back to where it came from, and remembers what came. */
final class UdpTarget implements AutoCloseable {

  private static final int LONGEST = 65_535;

  private final DatagramSocket socket;
  private final BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();
  private final int answers;

  /** What it says to a datagram; null for what it was told. */
  private final Function<DatagramPacket, byte[]> saying;

  private UdpTarget(String host, int answers, Function<DatagramPacket, byte[]> saying)
      throws IOException {
    this.saying = saying;
    this.answers = answers;
    socket = new DatagramSocket(0, InetAddress.getByName(host));
    socket.setReceiveBufferSize(4 << 20);
    Thread.ofPlatform().daemon().name("udp target").start(this::serve);
  }

  static UdpTarget echo() throws IOException {
    return new UdpTarget("127.0.0.1", 1, null);
  }

  /** One that always says the same. */
  static UdpTarget saying(String word) throws IOException {
    byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
    return new UdpTarget("127.0.0.1", 1, packet -> bytes);
  }

  /** One that says its name, the client's port, and what it was told. */
  static UdpTarget naming(String name) throws IOException {
    return new UdpTarget(
        "127.0.0.1",
        1,
        packet -> {
          String told = new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
          return (name + " " + packet.getPort() + " " + told).getBytes(StandardCharsets.UTF_8);
        });
  }

  /** One that sends so many answers. */
  static UdpTarget answering(int answers) throws IOException {
    return new UdpTarget("127.0.0.1", answers, null);
  }

  int port() {
    return socket.getLocalPort();
  }

  BlockingQueue<byte[]> received() {
    return received;
  }

  private void serve() {
    byte[] buffer = new byte[LONGEST];
    DatagramPacket packet = new DatagramPacket(buffer, LONGEST);
    while (!socket.isClosed()) {
      try {
        packet.setLength(LONGEST);
        socket.receive(packet);
        received.add(Arrays.copyOf(buffer, packet.getLength()));
        DatagramPacket answer = packet;
        if (saying != null) {
          byte[] bytes = saying.apply(packet);
          answer = new DatagramPacket(bytes, bytes.length, packet.getSocketAddress());
        }
        for (int i = 0; i < answers; i++) {
          socket.send(answer);
        }
      } catch (SocketException closed) {
        // A client may have gone, and a closed socket ends the loop.
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
