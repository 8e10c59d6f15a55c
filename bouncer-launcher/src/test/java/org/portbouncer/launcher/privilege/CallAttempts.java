package org.portbouncer.launcher.privilege;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.portbouncer.core.hop.MessageHeader;
import org.portbouncer.core.hop.SealedHeaders;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;

/**
 * What a worker that was taken over would try with single calls, in its place: {@link Attempts}
 * runs it. At a path a datagram socket is bound.
 */
final class CallAttempts {

  interface Try {
    long call();
  }

  private static final String LINE = "ts=1\n";
  private static final int F_SETOWN = 8;
  private static final int F_SETSIG = 10;
  private static final int F_ADD_SEALS = 1033;
  private static final int FIONBIO = 0x5421;
  private static final int O_ASYNC = 0x2000;
  private static final int MAP_FIXED = 0x10;
  private static final int SO_PASSCRED = 16;

  /** A log that is appended to, and has a line. */
  private final int log;

  private final int[] pair = new int[2];
  private final int[] stream = new int[2];
  private final int free;
  private final MemorySegment address = Native.allocate(SockAddr.ROOM);
  private final int length;
  private final MemorySegment one = Native.allocate(8);
  private final MethodHandle sendto;
  private final MethodHandle mremap;

  /** Before the filter, by which time a worker has been given what it has. */
  CallAttempts(Path datagrams) {
    log = Libc.memfdCreate(text("log"), Const.MFD_CLOEXEC);
    Libc.fcntl(log, Const.F_SETFL, Const.O_APPEND);
    Libc.write(log, text(LINE), LINE.length());
    make(Const.SOCK_DGRAM, pair);
    make(Const.SOCK_STREAM, stream);
    free = Libc.socket(Const.AF_UNIX, Const.SOCK_DGRAM | Const.SOCK_CLOEXEC, 0);
    length = SockAddr.putUnix(address, 0, datagrams.toString());
    one.set(JAVA_INT, 0, 1);
    sendto = function("sendto", 6);
    mremap = function("mremap", 5);
  }

  private static void make(int type, int[] into) {
    MemorySegment made = Native.allocate(8);
    int all = type | Const.SOCK_CLOEXEC | Const.SOCK_NONBLOCK;
    if (Libc.socketpair(Const.AF_UNIX, all, 0, made.address()) < 0) {
      throw new IllegalStateException("no pair of sockets");
    }
    into[0] = made.get(JAVA_INT, 0);
    into[1] = made.get(JAVA_INT, 4);
  }

  private static MethodHandle function(String name, int arguments) {
    java.lang.foreign.MemoryLayout[] all = new java.lang.foreign.MemoryLayout[arguments];
    java.util.Arrays.fill(all, JAVA_LONG);
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_LONG, all));
  }

  /** What came of each: 0 or more for done. */
  Map<String, Long> all() {
    Map<String, Long> outcomes = new TreeMap<>();
    attempt(outcomes, "append off", () -> Libc.fcntl(log, Const.F_SETFL, 0));
    attempt(outcomes, "log", () -> Libc.pwrite(log, text("OVER"), 4, 0));
    attempt(outcomes, "log kept", this::kept);
    attempt(outcomes, "wait", () -> Libc.fcntl(pair[0], Const.F_SETFL, 0));
    attempt(outcomes, "wait by ioctl", () -> Libc.ioctl(pair[0], FIONBIO, one.address() + 4));
    attempt(outcomes, "own", () -> Libc.fcntl(pair[0], F_SETOWN, 1));
    attempt(outcomes, "signal", () -> Libc.fcntl(pair[0], F_SETSIG, 9));
    attempt(outcomes, "async", () -> Libc.fcntl(pair[0], Const.F_SETFL, O_ASYNC));
    attempt(outcomes, "seal", () -> Libc.fcntl(pair[0], F_ADD_SEALS, 8));
    attempt(outcomes, "copy", () -> Libc.fcntl(pair[0], Const.F_DUPFD_CLOEXEC, 0));
    attempt(outcomes, "sendmsg sealed", this::sealed);
    attempt(outcomes, "send", () -> Libc.send(pair[0], text("x"), 1, Const.MSG_DONTWAIT));
    attempt(outcomes, "sendto path", () -> invoke(sendto, pair[0], text("x"), 1, 0, to(), length));
    attempt(outcomes, "sendto free", () -> invoke(sendto, free, text("x"), 1, 0, to(), length));
    attempt(outcomes, "sendmsg path", () -> sendmsg(to(), length));
    attempt(outcomes, "sendmsg own", () -> sendmsg(0, 0));
    attempt(outcomes, "unseal", () -> Libc.mprotect(SealedHeaders.ADDRESS, 4096, 3));
    attempt(outcomes, "unmap", () -> Libc.munmap(SealedHeaders.ADDRESS, 4096));
    attempt(outcomes, "map over", CallAttempts::mapOver);
    attempt(outcomes, "move over", this::moveOver);
    attempt(outcomes, "connect", () -> Libc.connect(free, to(), length));
    attempt(outcomes, "listen", () -> Libc.listen(stream[0], 1));
    attempt(outcomes, "accept", () -> Libc.accept4(stream[0], 0, 0, 0));
    attempt(outcomes, "bind", () -> Libc.bind(free, to(), 2));
    attempt(outcomes, "shutdown", () -> Libc.shutdown(stream[1], Const.SHUT_WR));
    attempt(outcomes, "linger", () -> option(Const.SO_LINGER));
    attempt(outcomes, "keepalive", () -> option(Const.SO_KEEPALIVE));
    attempt(outcomes, "credentials", () -> option(SO_PASSCRED));
    for (int family : new int[] {1, 2, 10, 16, 17, 31, 38, 40}) {
      attempt(outcomes, "socket " + family, () -> socket(family));
    }
    return outcomes;
  }

  /** 0 where the first line is what it was. */
  private long kept() {
    long read = Libc.pread(log, one.address(), LINE.length(), 0);
    byte[] line = one.asSlice(0, LINE.length()).toArray(JAVA_BYTE);
    one.set(JAVA_LONG, 0, 1);
    boolean same = new String(line, StandardCharsets.US_ASCII).equals(LINE);
    return read == LINE.length() && same ? 0 : -1;
  }

  private static void attempt(Map<String, Long> outcomes, String what, Try call) {
    outcomes.put(what, call.call());
  }

  private long to() {
    return address.address();
  }

  private static long text(String text) {
    MemorySegment bytes = Native.allocate(8);
    MemorySegment.copy(
        text.getBytes(StandardCharsets.US_ASCII), 0, bytes, JAVA_BYTE, 0, text.length());
    return bytes.address();
  }

  /** With a descriptor, by a msghdr of its own. */
  private long sendmsg(long name, int nameLength) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment header = arena.allocate(56, 8);
      MemorySegment vector = arena.allocate(16, 8);
      MemorySegment control = arena.allocate(24, 8);
      vector.set(JAVA_LONG, 0, text("secret"));
      vector.set(JAVA_LONG, 8, 6);
      control.set(JAVA_LONG, 0, 20);
      control.set(JAVA_INT, 8, Const.SOL_SOCKET);
      control.set(JAVA_INT, 12, Const.SCM_RIGHTS);
      control.set(JAVA_INT, 16, pair[1]);
      header.set(JAVA_LONG, 0, name);
      header.set(JAVA_INT, 8, nameLength);
      header.set(JAVA_LONG, 16, vector.address());
      header.set(JAVA_LONG, 24, 1);
      header.set(JAVA_LONG, 32, control.address());
      header.set(JAVA_LONG, 40, 24);
      return Libc.sendmsg(pair[0], header.address(), Const.MSG_DONTWAIT);
    }
  }

  /** As hops are sent, to the peer, with as many pieces and descriptors as there may be. */
  private long sealed() {
    for (int descriptors : new int[] {0, 1, 8, 9, 72, 73, 240, 253}) {
      for (int pieces : new int[] {1, 7, 241}) {
        if (!arrives(pieces, descriptors)) {
          return -1;
        }
      }
    }
    return 0;
  }

  private boolean arrives(int pieces, int descriptors) {
    MessageHeader message = new MessageHeader(pieces);
    for (int i = 0; i < pieces; i++) {
      message.addVector(text("hop"), 3);
    }
    for (int i = 0; i < descriptors; i++) {
      message.addDescriptor(stream[0]);
    }
    if (message.send(pair[0]) != 3L * pieces) {
      return false;
    }
    MessageHeader received = new MessageHeader(1);
    received.addVector(Native.allocate(1024).address(), 1024);
    boolean whole =
        received.receive(pair[1]) == 3L * pieces
            && received.descriptorCount() == descriptors
            && !received.truncated();
    received.closeDescriptors(0);
    return whole;
  }

  private static long mapOver() {
    int flags = Const.MAP_PRIVATE | Const.MAP_ANONYMOUS | MAP_FIXED;
    long result = Libc.mmap(SealedHeaders.ADDRESS, 4096, 3, flags, -1, 0);
    return result == SealedHeaders.ADDRESS ? 0 : result;
  }

  private long moveOver() {
    int flags = Const.MAP_PRIVATE | Const.MAP_ANONYMOUS;
    long mine = Libc.mmap(0, 4096, 3, flags, -1, 0);
    long result = invoke(mremap, mine, 4096, 4096, 3, SealedHeaders.ADDRESS);
    return result == SealedHeaders.ADDRESS ? 0 : result;
  }

  private long option(int option) {
    return Libc.setsockopt(stream[1], Const.SOL_SOCKET, option, one.address(), 8);
  }

  private static long socket(int family) {
    int fd = Libc.socket(family, Const.SOCK_DGRAM | Const.SOCK_CLOEXEC, 0);
    if (fd >= 0) {
      Libc.close(fd);
    }
    return fd;
  }

  private static long invoke(MethodHandle function, long... arguments) {
    try {
      Object[] all = java.util.Arrays.stream(arguments).boxed().toArray();
      return (long) function.invokeWithArguments(all);
    } catch (Throwable e) {
      throw new IllegalStateException(new IOException(e));
    }
  }
}
