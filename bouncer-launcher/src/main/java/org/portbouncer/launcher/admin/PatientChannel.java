package org.portbouncer.launcher.admin;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A connection to a Unix socket whose reads and writes wait for a limited time: the JDK's blocking
 * ones wait for ever. A call that waited in vain returns 0. Used by one thread, in commands.
 */
final class PatientChannel implements ByteChannel {

  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final long patienceMs;

  private PatientChannel(SocketChannel channel, long patienceMs) throws IOException {
    this.channel = channel;
    this.patienceMs = patienceMs;
    selector = Selector.open();
    key = channel.register(selector, 0);
  }

  /**
   * Connects, or fails at once: a server whose listen queue is full is of no use to a command.
   *
   * @param patience how long each read and write may wait
   */
  static PatientChannel connect(Path socket, Duration patience) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.configureBlocking(false);
      if (!channel.connect(UnixDomainSocketAddress.of(socket))) {
        throw new IOException("it takes no connection");
      }
      return new PatientChannel(channel, Math.max(1, patience.toMillis()));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public int read(ByteBuffer target) throws IOException {
    int read = channel.read(target);
    return read == 0 && waitFor(SelectionKey.OP_READ) ? channel.read(target) : read;
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    int written = channel.write(source);
    return written == 0 && waitFor(SelectionKey.OP_WRITE) ? channel.write(source) : written;
  }

  private boolean waitFor(int operation) throws IOException {
    key.interestOps(operation);
    boolean ready = selector.select(patienceMs) > 0;
    selector.selectedKeys().clear();
    return ready;
  }

  @Override
  public boolean isOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() throws IOException {
    selector.close();
    channel.close();
  }
}
