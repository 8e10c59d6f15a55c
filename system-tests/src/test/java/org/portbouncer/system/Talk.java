package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Random;
import java.util.concurrent.CountDownLatch;

/**
 * One client of an echo that checks every byte that comes back, each where it belongs: one that is
 * busy without a pause, a quiet one with its first words and its last.
 */
final class Talk implements AutoCloseable {
  private static final int MOST_BYTES = 200_000;

  private final SocketChannel channel;
  private final boolean busy;
  private final Random random;
  private final int mark;
  private final Thread thread;

  /** A quiet one says nothing until its end. */
  private final CountDownLatch wake = new CountDownLatch(1);

  private volatile boolean over;

  /** The talk's own count, which others see in {@link #bytes}. */
  private long sent;

  private volatile long bytes;
  private volatile String wrong = "";
  private volatile String cut = "";

  Talk(SocketAddress address, int mark, boolean busy, long seed) throws IOException {
    this.mark = mark;
    this.busy = busy;
    random = new Random(seed);
    boolean unix = address instanceof UnixDomainSocketAddress;
    channel = unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
    channel.connect(address);
    thread = Thread.ofPlatform().daemon().name("talk " + mark).start(this::run);
  }

  /** What stands at this place of this session's stream: another's or another place's differs. */
  private byte expected(long at) {
    return (byte) (37L * mark + at * 31 + (at >>> 8) * 7 + (at >>> 16));
  }

  private void run() {
    try {
      round(10);
      while (!over) {
        if (!busy) {
          wake.await();
        }
        round(busy ? 1 + random.nextInt(random.nextInt(4) == 0 ? MOST_BYTES : 2_000) : 10);
      }
      channel.shutdownOutput();
      if (channel.read(ByteBuffer.allocate(1)) >= 0) {
        wrong = "a byte after the last";
      }
    } catch (IOException e) {
      cut = e.toString();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void round(int length) throws IOException, InterruptedException {
    ByteBuffer out = ByteBuffer.allocate(length);
    for (int i = 0; i < length; i++) {
      out.put(expected(sent + i));
    }
    out.flip();
    Thread writer =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    while (out.hasRemaining()) {
                      channel.write(out);
                    }
                  } catch (IOException seenByTheReader) {
                    return;
                  }
                });
    ByteBuffer in = ByteBuffer.allocate(length);
    while (in.hasRemaining()) {
      if (channel.read(in) < 0) {
        throw new EOFException("end of stream");
      }
    }
    writer.join();
    for (int i = 0; i < length; i++) {
      if (in.get(i) != expected(sent + i)) {
        wrong = "byte " + (sent + i);
        over = true;
        return;
      }
    }
    sent += length;
    bytes = sent;
  }

  /** Where a byte came that was not sent; empty for nowhere. */
  String wrong() {
    return wrong;
  }

  /** How it was cut off; empty where it was not. */
  String cut() {
    return cut;
  }

  boolean busy() {
    return busy;
  }

  /** Sent and come back. */
  long bytes() {
    return bytes;
  }

  boolean begun() {
    return bytes > 0 || !cut.isEmpty();
  }

  @Override
  public String toString() {
    return mark + (busy ? " busy" : " quiet") + ", after " + bytes + " bytes: " + cut + wrong;
  }

  /** Ends it well, unless it was cut. */
  void finish() throws InterruptedException {
    over = true;
    wake.countDown();
    assertThat(thread.join(Patience.seconds(20))).as("the talk ends").isTrue();
  }

  @Override
  public void close() throws IOException {
    over = true;
    wake.countDown();
    channel.close();
  }
}
