package org.portbouncer.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * A target that sends back what it gets, all connections on one thread: for tests that open more of
 * them than there should be threads.
 */
final class EchoTarget implements AutoCloseable {
  private static final int BACKLOG = 4096;
  private static final int BUFFER = 64 * 1024;

  private final Selector selector = Selector.open();
  private final ServerSocketChannel listener = ServerSocketChannel.open();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
  private final Thread thread;
  private volatile boolean closing;

  EchoTarget() throws IOException {
    listener.bind(new InetSocketAddress(Client.LOOPBACK, 0), BACKLOG);
    listener.configureBlocking(false);
    listener.register(selector, SelectionKey.OP_ACCEPT);
    thread = Thread.ofPlatform().daemon().name("echo-target").start(this::run);
  }

  int port() {
    return listener.socket().getLocalPort();
  }

  private void run() {
    try {
      while (!closing) {
        selector.select(this::ready);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void ready(SelectionKey key) {
    try {
      if (key.isAcceptable()) {
        accept();
      } else {
        echo(key);
      }
    } catch (IOException theOtherSideHasGone) {
      close(key);
    }
  }

  private void accept() throws IOException {
    for (SocketChannel peer = listener.accept(); peer != null; peer = listener.accept()) {
      peer.configureBlocking(false);
      peer.register(selector, SelectionKey.OP_READ);
    }
  }

  /** What could not be sent at once hangs on the key, and nothing is read until it is sent. */
  private void echo(SelectionKey key) throws IOException {
    SocketChannel peer = (SocketChannel) key.channel();
    ByteBuffer left = (ByteBuffer) key.attachment();
    if (left != null) {
      peer.write(left);
      if (left.hasRemaining()) {
        return;
      }
      key.attach(null);
      key.interestOps(SelectionKey.OP_READ);
    }
    if (peer.read(buffer.clear()) < 0) {
      close(key);
      return;
    }
    peer.write(buffer.flip());
    if (buffer.hasRemaining()) {
      key.attach(ByteBuffer.allocate(buffer.remaining()).put(buffer).flip());
      key.interestOps(SelectionKey.OP_WRITE);
    }
  }

  private static void close(SelectionKey key) {
    try {
      key.channel().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    closing = true;
    selector.wakeup();
    Pause.untilEnd(thread);
    for (SelectionKey key : selector.keys()) {
      key.channel().close();
    }
    selector.close();
  }
}
