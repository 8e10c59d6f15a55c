package org.portbouncer.system;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * One connection of a test, to bouncer or from it. Nothing it reads is waited for longer than 30 s.
 */
final class Client implements AutoCloseable {
  static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final int MOST_MILLIS = (int) Patience.millis(30_000);
  private static final int MOST_ATTEMPTS = 1_000;

  private final Socket socket;
  private final String address;

  Client(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(MOST_MILLIS);
    address = text((InetSocketAddress) socket.getLocalSocketAddress());
  }

  static Client to(int port) throws IOException {
    return to(new InetSocketAddress(LOOPBACK, port));
  }

  static Client to(InetSocketAddress there) throws IOException {
    boolean v4 = there.getAddress() instanceof Inet4Address;
    return connect(v4 ? LOOPBACK : there.getAddress(), there);
  }

  /** Connects from another address of this machine, such as 127.0.0.2. */
  static Client from(String source, int port) throws IOException {
    return connect(InetAddress.ofLiteral(source), new InetSocketAddress(LOOPBACK, port));
  }

  private static Client connect(InetAddress source, InetSocketAddress there) throws IOException {
    Socket socket = bind(source);
    try {
      socket.connect(there, MOST_MILLIS);
      socket.setTcpNoDelay(true);
      return new Client(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static Socket bind(InetAddress source) throws IOException {
    for (int attempt = 0; attempt < 2 * MOST_ATTEMPTS; attempt++) {
      Socket socket = new Socket();
      socket.bind(new InetSocketAddress(source, 0));
      InetSocketAddress address = (InetSocketAddress) socket.getLocalSocketAddress();
      if (attempt < MOST_ATTEMPTS
          ? ClientAddresses.take(address)
          : ClientAddresses.takeAgain(address)) {
        return socket;
      }
      socket.close();
    }
    throw new IOException("no port of " + source + " is left that was not used before");
  }

  private static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return host.contains(":")
        ? "[" + host + "]:" + address.getPort()
        : host + ":" + address.getPort();
  }

  /** This end's address as the access log writes it: "127.0.0.1:40000". */
  String address() {
    return address;
  }

  Socket socket() {
    return socket;
  }

  InputStream in() throws IOException {
    return socket.getInputStream();
  }

  OutputStream out() throws IOException {
    return socket.getOutputStream();
  }

  void patience(int millis) throws IOException {
    socket.setSoTimeout(millis);
  }

  void send(byte[] bytes) throws IOException {
    out().write(bytes);
  }

  void send(String text) throws IOException {
    send(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Sends random bytes in random portions and returns their SHA-256. */
  String send(Random random, long length) throws IOException {
    return Payload.write(out(), random, length);
  }

  byte[] receive(int length) throws IOException {
    byte[] bytes = in().readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("end of stream after " + bytes.length + " of " + length + " bytes");
    }
    return bytes;
  }

  String receiveText(int length) throws IOException {
    return new String(receive(length), StandardCharsets.UTF_8);
  }

  Received receiveAll() throws IOException {
    return Received.all(in());
  }

  /** Sends these bytes to an echo and fails unless they come back. */
  void echo(byte[] bytes) throws IOException {
    send(bytes);
    byte[] back = receive(bytes.length);
    if (!java.util.Arrays.equals(bytes, back)) {
      throw new IOException("the echo of " + bytes.length + " bytes came back changed");
    }
  }

  void echo(String text) throws IOException {
    echo(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Sends a byte of urgent data to an echo and fails unless it comes back, as any other does. */
  void echoUrgent() throws IOException {
    socket.sendUrgentData('!');
    if (receive(1)[0] != '!') {
      throw new IOException("urgent data came back changed");
    }
  }

  /** Half-closes: end of stream for the other side, which may go on sending. */
  void finish() throws IOException {
    socket.shutdownOutput();
  }

  /** Waits until the other side's kernel has acknowledged every byte sent. */
  void awaitAcknowledged() {
    SendQueue.awaitEmpty(socket);
  }

  /** Closes with a reset. What the kernel has not sent by now is lost. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
