package org.portbouncer.system;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * A Unix datagram socket, which Java itself does not have: systemd hears from a service on one, and
 * a syslog daemon from everybody. Messages are collected as they come.
 */
final class DatagramInbox implements AutoCloseable {
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
  private static final int SHUT_RDWR = 2;
  private static final int BUFFER = 8192;

  private static final MethodHandle SOCKET = bind("socket", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle BIND = bind("bind", JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle RECV =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("recv"),
              FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  private static final MethodHandle SHUTDOWN = bind("shutdown", JAVA_INT, JAVA_INT);
  private static final MethodHandle CLOSE = bind("close", JAVA_INT);

  private final String name;
  private final int fd;
  private final List<String> messages = new ArrayList<>();
  private final Thread reader;
  private final Semaphore reading = new Semaphore(1);
  private volatile boolean closing;

  /**
   * Binds one.
   *
   * @param name a path, or {@code @} and a name in the abstract namespace
   */
  DatagramInbox(String name) throws IOException {
    this.name = name;
    try (Arena arena = Arena.ofConfined()) {
      fd = (int) SOCKET.invoke(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      MemorySegment address = arena.allocate(112, 8);
      address.set(JAVA_SHORT, 0, (short) AF_UNIX);
      MemorySegment.copy(bytes, 0, address, JAVA_BYTE, 2, bytes.length);
      boolean isAbstract = name.startsWith("@");
      if (isAbstract) {
        address.set(JAVA_BYTE, 2, (byte) 0);
      }
      int length = 2 + bytes.length + (isAbstract ? 0 : 1);
      if ((int) BIND.invoke(fd, address.address(), length) != 0) {
        throw new IOException("cannot bind " + name);
      }
    } catch (IOException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    reader = Thread.ofPlatform().daemon().name("datagrams").start(this::collect);
  }

  private static MethodHandle bind(String name, MemoryLayout... parameters) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, parameters));
  }

  private void collect() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(BUFFER);
      while (!closing) {
        reading.acquire();
        reading.release();
        long length = (long) RECV.invoke(fd, buffer.address(), (long) BUFFER, 0);
        if (length > 0) {
          byte[] bytes = buffer.asSlice(0, length).toArray(JAVA_BYTE);
          synchronized (messages) {
            messages.add(new String(bytes, StandardCharsets.UTF_8));
          }
        }
      }
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  String name() {
    return name;
  }

  /** All messages so far, in the order in which they came. */
  List<String> messages() {
    synchronized (messages) {
      return List.copyOf(messages);
    }
  }

  /** How many messages so far have this line. */
  long count(String line) {
    return messages().stream().filter(message -> message.lines().anyMatch(line::equals)).count();
  }

  /** Reads no more, but for one message, until {@link #release}. */
  void hold() throws InterruptedException {
    reading.acquire();
  }

  void release() {
    reading.release();
  }

  @Override
  public void close() {
    closing = true;
    release();
    try {
      // A blocked recv returns when its socket is shut down.
      int ignored = (int) SHUTDOWN.invoke(fd, SHUT_RDWR);
      reader.join();
      ignored += (int) CLOSE.invoke(fd);
      assert ignored <= 0;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
