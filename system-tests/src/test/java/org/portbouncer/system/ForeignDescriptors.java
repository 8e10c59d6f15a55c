package org.portbouncer.system;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Copies of descriptors that another process has, pidfd_getfd(2), and what it takes to stand
 * between the two ends of a hop: messages with their descriptors, received and sent. Closes all
 * that it made.
 */
final class ForeignDescriptors implements AutoCloseable {
  private static final int PIDFD_OPEN = 434;
  private static final int PIDFD_GETFD = 438;
  private static final int SOL_SOCKET = 1;
  private static final int SO_TYPE = 3;
  private static final int SOCK_STREAM = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int CLOEXEC = 0x80000;
  private static final int NONBLOCK = 0x800;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int POLLIN = 1;
  private static final int ROOM = 1 << 20;
  private static final int CONTROL = 1040;

  private static final int IPPROTO_TCP = 6;
  private static final MethodHandle SYSCALL = function("syscall", 6);
  private static final MethodHandle RECVMSG = function("recvmsg", 3);
  private static final MethodHandle SENDMSG = function("sendmsg", 3);
  private static final MethodHandle POLL = function("poll", 3);
  private static final MethodHandle GETSOCKOPT = function("getsockopt", 5);
  private static final MethodHandle GETSOCKNAME = function("getsockname", 3);
  private static final MethodHandle SOCKETPAIR = function("socketpair", 4);
  private static final MethodHandle MEMFD_CREATE = function("memfd_create", 2);
  private static final MethodHandle OPEN = function("open", 3);
  private static final MethodHandle CLOSE = function("close", 1);

  /** One message: its bytes, and the descriptors that came with it. */
  record Message(byte[] bytes, int[] descriptors) {}

  /** Shared, because conditions are awaited in other threads. */
  private final Arena arena = Arena.ofShared();

  private final MemorySegment buffer = arena.allocate(ROOM, 8);
  private final MemorySegment control = arena.allocate(CONTROL, 8);
  private final List<Integer> made = new ArrayList<>();

  private static MethodHandle function(String name, int arguments) {
    MemoryLayout[] all = new MemoryLayout[arguments];
    Arrays.fill(all, JAVA_LONG);
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_LONG, all));
  }

  private static long call(MethodHandle function, long... arguments) {
    try {
      Object[] all = Arrays.stream(arguments).boxed().toArray();
      return (long) function.invokeWithArguments(all);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Has {@code fd} closed with the others; -1 for what could not be made. */
  private int keep(long fd) {
    int result = (int) fd;
    if (result >= 0) {
      made.add(result);
    }
    return result;
  }

  /** Copies of the datagram sockets that a process has; none where this one may not. */
  List<Integer> datagramSockets(long pid) throws Exception {
    int process = keep(call(SYSCALL, PIDFD_OPEN, pid, 0, 0, 0, 0));
    List<Integer> found = new ArrayList<>();
    for (int number : Descriptors.of(pid).matching("socket:.*").keySet()) {
      int copy = keep(call(SYSCALL, PIDFD_GETFD, process, number, 0, 0, 0));
      if (copy >= 0 && type(copy) == SOCK_DGRAM) {
        found.add(copy);
      }
    }
    return found;
  }

  /**
   * Copies of those of them that are an end of a pair: without a name, as an inbox is, and the way
   * to one.
   */
  List<Integer> datagramPairs(long pid) throws Exception {
    return datagramSockets(pid).stream().filter(fd -> !hasName(fd)).toList();
  }

  private boolean hasName(int fd) {
    MemorySegment name = arena.allocate(128, 8);
    MemorySegment length = arena.allocate(8, 8);
    length.set(JAVA_INT, 0, 128);
    call(GETSOCKNAME, fd, name.address(), length.address());
    return length.get(JAVA_INT, 0) > Short.BYTES;
  }

  /** An option, which is a number, of each TCP connection that a process has. */
  List<Integer> tcpOption(long pid, int option) throws Exception {
    int process = keep(call(SYSCALL, PIDFD_OPEN, pid, 0, 0, 0, 0));
    List<Integer> found = new ArrayList<>();
    for (int number : Descriptors.of(pid).matching("socket:.*").keySet()) {
      int copy = keep(call(SYSCALL, PIDFD_GETFD, process, number, 0, 0, 0));
      MemorySegment value = arena.allocate(8, 8);
      value.set(JAVA_INT, 4, 4);
      if (copy >= 0
          && type(copy) == SOCK_STREAM
          && call(GETSOCKOPT, copy, IPPROTO_TCP, option, value.address(), value.address() + 4)
              == 0) {
        found.add(value.get(JAVA_INT, 0));
      }
    }
    return found;
  }

  private int type(int fd) {
    MemorySegment value = arena.allocate(8, 8);
    value.set(JAVA_INT, 4, 4);
    call(GETSOCKOPT, fd, SOL_SOCKET, SO_TYPE, value.address(), value.address() + 4);
    return value.get(JAVA_INT, 0);
  }

  boolean isReadable(int fd) {
    MemorySegment poll = arena.allocate(8, 8);
    poll.set(JAVA_INT, 0, fd);
    poll.set(JAVA_SHORT, 4, (short) POLLIN);
    return (int) call(POLL, poll.address(), 1, 0) > 0;
  }

  private MemorySegment header(long length, long controlLength) {
    MemorySegment vector = arena.allocate(16, 8);
    vector.set(JAVA_LONG, 0, buffer.address());
    vector.set(JAVA_LONG, 8, length);
    MemorySegment header = arena.allocate(56, 8);
    header.set(JAVA_LONG, 16, vector.address());
    header.set(JAVA_LONG, 24, 1);
    header.set(JAVA_LONG, 32, controlLength == 0 ? 0 : control.address());
    header.set(JAVA_LONG, 40, controlLength);
    return header;
  }

  /** Takes a message that waits. */
  Message receive(int fd) {
    MemorySegment header = header(ROOM, CONTROL);
    int length = (int) call(RECVMSG, fd, header.address(), MSG_DONTWAIT);
    int count = header.get(JAVA_LONG, 40) < 16 ? 0 : (int) ((control.get(JAVA_LONG, 0) - 16) / 4);
    int[] descriptors = new int[count];
    for (int i = 0; i < count; i++) {
      descriptors[i] = keep(control.get(JAVA_INT, 16 + 4L * i));
    }
    return new Message(buffer.asSlice(0, Math.max(0, length)).toArray(JAVA_BYTE), descriptors);
  }

  /** Sends one; whether the kernel took it. */
  boolean send(int fd, Message message) {
    MemorySegment.copy(message.bytes(), 0, buffer, JAVA_BYTE, 0, message.bytes().length);
    int count = message.descriptors().length;
    if (count > 0) {
      control.set(JAVA_LONG, 0, 16 + 4L * count);
      control.set(JAVA_INT, 8, SOL_SOCKET);
      control.set(JAVA_INT, 12, 1);
      for (int i = 0; i < count; i++) {
        control.set(JAVA_INT, 16 + 4L * i, message.descriptors()[i]);
      }
    }
    long controlLength = count == 0 ? 0 : 16 + 4L * count + 7 & ~7L;
    MemorySegment header = header(message.bytes().length, controlLength);
    return (int) call(SENDMSG, fd, header.address(), MSG_DONTWAIT) >= 0;
  }

  int memoryFile() {
    return keep(call(MEMFD_CREATE, arena.allocateFrom("unfit").address(), 1));
  }

  int file(String path) {
    return keep(call(OPEN, arena.allocateFrom(path).address(), CLOEXEC | NONBLOCK, 0));
  }

  /** An end of a pair, whose calls wait. */
  int waitingSocket() {
    MemorySegment pair = arena.allocate(8, 8);
    call(SOCKETPAIR, 1, SOCK_STREAM | CLOEXEC, 0, pair.address());
    keep(pair.get(JAVA_INT, 4));
    return keep(pair.get(JAVA_INT, 0));
  }

  @Override
  public void close() {
    made.forEach(fd -> call(CLOSE, fd));
    arena.close();
  }
}
