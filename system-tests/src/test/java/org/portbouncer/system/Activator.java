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
import java.util.List;

/**
 * Becomes another program, as systemd starts a service with socket activation: with listening
 * sockets from descriptor 3 on, and in the environment what they are. A program of its own, because
 * Java cannot pass descriptors to a child: {@code Activator NAME=[KIND:]PORT… -- COMMAND…}, on
 * 127.0.0.1, there for datagrams (udp), or with a kind on all IPv4 addresses (any4), all of both
 * families (any6), or all IPv6 addresses alone (only6).
 */
public final class Activator {
  private static final int FIRST = 3;
  private static final int STREAM_CLOEXEC = 1 | 0x80000;
  private static final int DGRAM_CLOEXEC = 2 | 0x80000;
  private static final int INET = 2;
  private static final int INET6 = 10;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;
  private static final int OUT_OF_THE_WAY = 200;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final Linker LINKER = Linker.nativeLinker();

  private Activator() {}

  public static void main(String[] args) throws Throwable {
    List<String> words = List.of(args);
    int split = words.indexOf("--");
    List<String> names = new ArrayList<>();
    List<Integer> sockets = new ArrayList<>();
    for (String word : words.subList(0, split)) {
      int equals = word.lastIndexOf('=');
      names.add(word.substring(0, equals));
      String where = word.substring(equals + 1);
      int colon = where.indexOf(':');
      sockets.add(
          listen(
              colon < 0 ? "" : where.substring(0, colon),
              Integer.parseInt(where.substring(colon + 1))));
    }
    become(sockets, names, words.subList(split + 1, words.size()));
  }

  /** Becomes a program that is passed these sockets, each of them {@link #outOfTheWay}. */
  static void become(List<Integer> sockets, List<String> names, List<String> command)
      throws Throwable {
    MethodHandle dup2 = function("dup2", JAVA_INT, JAVA_INT);
    MethodHandle setenv = function("setenv", JAVA_LONG, JAVA_LONG, JAVA_INT);
    MethodHandle execv = function("execv", JAVA_LONG, JAVA_LONG);
    Arena arena = Arena.global();
    String[][] variables = {
      {"LISTEN_PID", Long.toString(ProcessHandle.current().pid())},
      {"LISTEN_FDS", Integer.toString(sockets.size())},
      {"LISTEN_FDNAMES", String.join(":", names)}
    };
    for (String[] variable : variables) {
      check(
          (int)
              setenv.invokeExact(
                  arena.allocateFrom(variable[0]).address(),
                  arena.allocateFrom(variable[1]).address(),
                  1));
    }
    MemorySegment argv = arena.allocate(JAVA_LONG, command.size() + 1L);
    for (int i = 0; i < command.size(); i++) {
      argv.setAtIndex(JAVA_LONG, i, arena.allocateFrom(command.get(i)).address());
    }
    // What the JVM had there is gone with it in a moment.
    for (int i = 0; i < sockets.size(); i++) {
      check((int) dup2.invokeExact((int) sockets.get(i), FIRST + i));
    }
    check((int) execv.invokeExact(argv.getAtIndex(JAVA_LONG, 0), argv.address()));
  }

  private static int listen(String kind, int port) throws Throwable {
    boolean six = kind.endsWith("6");
    int length = six ? 28 : 16;
    MemorySegment address = Arena.global().allocate(32, 8);
    address.set(JAVA_SHORT, 0, (short) (six ? INET6 : INET));
    address.set(JAVA_BYTE, 2, (byte) (port >> 8));
    address.set(JAVA_BYTE, 3, (byte) port);
    boolean udp = kind.equals("udp");
    if (kind.isEmpty() || udp) {
      address.set(JAVA_BYTE, 4, (byte) 127);
      address.set(JAVA_BYTE, 7, (byte) 1);
    }
    MethodHandle socket = function("socket", JAVA_INT, JAVA_INT, JAVA_INT);
    MethodHandle setsockopt =
        function("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    MethodHandle bind = function("bind", JAVA_INT, JAVA_LONG, JAVA_INT);
    MethodHandle listen = function("listen", JAVA_INT, JAVA_INT);
    int fd =
        check(
            (int) socket.invokeExact(six ? INET6 : INET, udp ? DGRAM_CLOEXEC : STREAM_CLOEXEC, 0));
    if (six) {
      MemorySegment only = Arena.global().allocate(4, 4);
      only.set(JAVA_INT, 0, kind.equals("only6") ? 1 : 0);
      check((int) setsockopt.invokeExact(fd, IPPROTO_IPV6, IPV6_V6ONLY, only.address(), 4));
    }
    check((int) bind.invokeExact(fd, address.address(), length));
    if (!udp) {
      check((int) listen.invokeExact(fd, 64));
    }
    return outOfTheWay(fd);
  }

  /** The same socket where no number is needed for those that are passed. */
  static int outOfTheWay(int fd) throws Throwable {
    MethodHandle fcntl =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("fcntl"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
            Linker.Option.firstVariadicArg(2));
    return check((int) fcntl.invokeExact(fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY));
  }

  static MethodHandle function(String name, MemoryLayout... parameters) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name), FunctionDescriptor.of(JAVA_INT, parameters));
  }

  static int check(int result) {
    if (result < 0) {
      throw new IllegalStateException("a system call failed");
    }
    return result;
  }
}
