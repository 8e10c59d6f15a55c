package org.portbouncer.system;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Random;
import java.util.Set;

/**
 * One client of {@link ChaosLoad}, which never waits: sends a piece of noise, checks that it comes
 * back, and then ends its stream or, where it is a long one, does it again after a pause.
 */
final class ChaosSession {
  /** How a session ended for its client. */
  enum End {
    /** All came back, then the end of the stream. */
    WHOLE,
    /** The connection was closed or reset before. */
    CUT,
    /** Never connected. */
    REFUSED,
    /** Bytes came that were not sent. */
    WRONG,
    /** Nothing happened for long. */
    STUCK
  }

  static final int MOST_BYTES = 60_000;

  /** Most sessions are small, as requests are. */
  private static final int SMALL = 4_000;

  private static final int MOST_PAUSE_MILLIS = 400;
  private static final long PATIENCE_NANOS = 60_000_000_000L;
  private static final int MOST_ATTEMPTS = 1_000;

  private final SocketChannel channel;
  private final InetSocketAddress address;
  private final SelectionKey key;
  private final ByteBuffer noise;
  private final Random random;
  private final boolean isLong;
  private boolean lastRound;
  private boolean finished;
  private int from;
  private int length;
  private int sent;
  private int received;
  private long bytes;
  private long resumeAt;
  private long movedAt = System.nanoTime();
  private End end;
  private String why = "";

  /**
   * Begins to connect.
   *
   * @param noise what pieces are taken from
   * @param used addresses that sessions of this run have had: each names one session
   */
  ChaosSession(
      Selector selector,
      InetAddress source,
      int port,
      boolean isLong,
      ByteBuffer noise,
      Random random,
      Set<InetSocketAddress> used)
      throws IOException {
    this.noise = noise;
    this.random = random;
    this.isLong = isLong;
    channel = bind(source, used);
    address = (InetSocketAddress) channel.getLocalAddress();
    channel.configureBlocking(false);
    key = channel.register(selector, SelectionKey.OP_CONNECT, this);
    begin();
    if (channel.connect(new InetSocketAddress(Client.LOOPBACK, port))) {
      key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
    }
  }

  private static SocketChannel bind(InetAddress source, Set<InetSocketAddress> used)
      throws IOException {
    for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      SocketChannel channel = SocketChannel.open();
      channel.bind(new InetSocketAddress(source, 0));
      if (used.add((InetSocketAddress) channel.getLocalAddress())) {
        return channel;
      }
      channel.close();
    }
    throw new IOException("no port of " + source + " is left that was not used before");
  }

  private void begin() {
    from = random.nextInt(noise.capacity() - MOST_BYTES);
    length = 1 + random.nextInt(random.nextInt(8) == 0 ? MOST_BYTES : SMALL);
    sent = 0;
    received = 0;
  }

  String address() {
    return address.getAddress().getHostAddress() + ":" + address.getPort();
  }

  boolean isLong() {
    return isLong;
  }

  /** How it ended; null while it goes on. */
  End end() {
    return end;
  }

  String why() {
    return why;
  }

  /** Bytes that were sent and came back. */
  long bytes() {
    return bytes;
  }

  /** Its socket has something to say. */
  void ready(ByteBuffer buffer) {
    boolean connected = channel.isConnected();
    try {
      movedAt = System.nanoTime();
      if (!connected && !channel.finishConnect()) {
        return;
      }
      connected = true;
      send();
      receive(buffer);
    } catch (IOException e) {
      ended(connected ? End.CUT : End.REFUSED, String.valueOf(e.getMessage()));
    }
  }

  /** Called now and then: goes on after a pause, gives up after a long silence. */
  void look(long now, boolean closing) {
    lastRound |= closing;
    if (resumeAt != 0 && (closing || now - resumeAt >= 0)) {
      resumeAt = 0;
      movedAt = now;
      try {
        nextRound();
      } catch (IOException e) {
        ended(End.CUT, String.valueOf(e.getMessage()));
      }
    } else if (resumeAt == 0 && now - movedAt > PATIENCE_NANOS) {
      ended(End.STUCK, "nothing came or went for a minute");
    }
  }

  private void nextRound() throws IOException {
    if (lastRound) {
      finished = true;
      channel.shutdownOutput();
      return;
    }
    begin();
    send();
  }

  private void send() throws IOException {
    if (sent < length && !finished) {
      sent += channel.write(noise.slice(from + sent, length - sent));
    }
    int more = sent < length && !finished ? SelectionKey.OP_WRITE : 0;
    key.interestOps(SelectionKey.OP_READ | more);
  }

  private void receive(ByteBuffer buffer) throws IOException {
    int count = channel.read(buffer.clear());
    if (count < 0) {
      ended(finished ? End.WHOLE : End.CUT, "the end of the stream");
      return;
    }
    buffer.flip();
    if (count > sent - received || !buffer.equals(noise.slice(from + received, count))) {
      ended(End.WRONG, count + " bytes came that were not sent");
      return;
    }
    received += count;
    bytes += count;
    if (count > 0 && received == length) {
      if (isLong && !lastRound) {
        resumeAt = System.nanoTime() + random.nextInt(1, MOST_PAUSE_MILLIS) * 1_000_000L;
      } else {
        lastRound = true;
        nextRound();
      }
    }
  }

  private void ended(End how, String what) {
    end = how;
    why = what;
    try {
      channel.close();
    } catch (IOException e) {
      why += "; " + e.getMessage();
    }
  }
}
