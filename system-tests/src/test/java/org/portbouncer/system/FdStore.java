package org.portbouncer.system;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Plays systemd's part in a restart: keeps the descriptors that a service gives it (FDSTORE=1),
 * waits until the service has stopped, and becomes the next one, which gets them back. A program of
 * its own, as {@link Activator} is: {@code FdStore @NAME -- COMMAND…}, with the name of the notify
 * socket in the abstract namespace.
 */
public final class FdStore {
  private static final int UNIX = 1;
  private static final int DGRAM_CLOEXEC = 2 | 0x80000;
  private static final int DONTWAIT_CMSG_CLOEXEC = 0x40 | 0x40000000;
  private static final int SCM_RIGHTS = 1;
  private static final int CMSG_DATA = 16;
  private static final int BUFFER = 8192;
  private static final int LOOK_MILLIS = 10;

  private final Map<String, Integer> kept = new LinkedHashMap<>();
  private long service;
  private boolean stopping;

  private FdStore() {}

  public static void main(String[] args) throws Throwable {
    List<String> words = List.of(args);
    FdStore store = new FdStore();
    store.keep(words.getFirst());
    Activator.become(
        new ArrayList<>(store.kept.values()),
        new ArrayList<>(store.kept.keySet()),
        words.subList(2, words.size()));
  }

  /** Until the service that has used the socket is gone. */
  private void keep(String name) throws Throwable {
    Arena arena = Arena.global();
    MethodHandle socket = Activator.function("socket", JAVA_INT, JAVA_INT, JAVA_INT);
    MethodHandle bind = Activator.function("bind", JAVA_INT, JAVA_LONG, JAVA_INT);
    MethodHandle recvmsg = Activator.function("recvmsg", JAVA_INT, JAVA_LONG, JAVA_INT);
    int fd = Activator.check((int) socket.invokeExact(UNIX, DGRAM_CLOEXEC, 0));
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    MemorySegment address = arena.allocate(112, 8);
    address.set(JAVA_SHORT, 0, (short) UNIX);
    // A zero in the place of the '@': the abstract namespace.
    MemorySegment.copy(bytes, 1, address, JAVA_BYTE, 3, bytes.length - 1);
    Activator.check((int) bind.invokeExact(fd, address.address(), 2 + bytes.length));

    MemorySegment text = arena.allocate(BUFFER);
    MemorySegment control = arena.allocate(BUFFER, 8);
    MemorySegment vector = arena.allocate(16, 8);
    vector.set(JAVA_LONG, 0, text.address());
    vector.set(JAVA_LONG, 8, BUFFER);
    MemorySegment message = arena.allocate(56, 8);
    while (true) {
      // Looked at before: what it has said last comes after that.
      boolean gone = stopping && ProcessHandle.of(service).isEmpty();
      message.fill((byte) 0);
      message.set(JAVA_LONG, 16, vector.address());
      message.set(JAVA_LONG, 24, 1);
      message.set(JAVA_LONG, 32, control.address());
      message.set(JAVA_LONG, 40, BUFFER);
      int length = (int) recvmsg.invokeExact(fd, message.address(), DONTWAIT_CMSG_CLOEXEC);
      if (length < 0 && gone) {
        return;
      }
      if (length < 0) {
        Thread.sleep(LOOK_MILLIS);
        continue;
      }
      boolean brings =
          message.get(JAVA_LONG, 40) >= CMSG_DATA + 4 && control.get(JAVA_INT, 12) == SCM_RIGHTS;
      heard(
          new String(text.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.UTF_8),
          brings ? control.get(JAVA_INT, CMSG_DATA) : -1);
    }
  }

  private void heard(String message, int fd) throws Throwable {
    List<String> lines = message.lines().toList();
    String name = "";
    for (String line : lines) {
      if (line.startsWith("FDNAME=")) {
        name = line.substring("FDNAME=".length());
      } else if (line.startsWith("MAINPID=")) {
        service = Long.parseLong(line.substring("MAINPID=".length()));
      }
    }
    stopping |= lines.contains("STOPPING=1");
    if (lines.contains("FDSTORE=1") && fd >= 0) {
      kept.put(name, Activator.outOfTheWay(fd));
    } else if (lines.contains("FDSTOREREMOVE=1")) {
      kept.remove(name);
    }
  }
}
