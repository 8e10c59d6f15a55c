package org.portbouncer.launcher.systemd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.portbouncer.core.hop.MessageHeader;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;

/**
 * What a service tells systemd about itself: sd_notify(3), spoken directly. In the mother, on her
 * loop's thread. Without a service manager every call does nothing.
 */
public final class Notifier {

  /** What is meant for the one process that systemd started, and for none that it starts. */
  public static final Set<String> VARIABLES =
      Set.of(
          "NOTIFY_SOCKET",
          "WATCHDOG_USEC",
          "WATCHDOG_PID",
          "LISTEN_PID",
          "LISTEN_FDS",
          "LISTEN_FDNAMES",
          "FDSTORE",
          RestartQuestion.UNIT);

  private static final int MOST_BYTES = 4096;

  /** Messages kept for a manager that is busy; more than ever wait at once. */
  private static final int MOST_WAITING = 8192;

  /** For a manager that is busy, to hear who serves. */
  private static final long HAND_OVER_NANOS = 1_000_000_000;

  private record Message(String text, int fd) {}

  private final String socket;
  private final long watchdogMicros;
  private final int keeps;
  private final MemorySegment address = Native.allocate(SockAddr.ROOM);
  private final MemorySegment text = Native.allocate(MOST_BYTES);
  private final MessageHeader header = new MessageHeader(1);
  private final ArrayDeque<Message> waiting = new ArrayDeque<>();
  private int addressLength;
  private boolean muted;
  private int fd = -1;

  /**
   * Finds out whether there is one to talk to.
   *
   * @param environment of the process
   * @param pid of the process: what is meant for another one is none of ours
   */
  public Notifier(Map<String, String> environment, long pid) {
    String path = environment.getOrDefault("NOTIFY_SOCKET", "");
    boolean usable = path.length() > 1 && (path.startsWith("/") || path.startsWith("@"));
    socket = usable ? path : "";
    watchdogMicros = socket.isEmpty() ? 0 : watchdog(environment, pid);
    String most = environment.getOrDefault("FDSTORE", "");
    keeps = socket.isEmpty() || !most.matches("[0-9]{1,9}") ? 0 : Integer.parseInt(most);
    if (!socket.isEmpty()) {
      addressLength = SockAddr.putUnix(address, 0, socket);
      if (socket.startsWith("@")) {
        // unix(7): an abstract name begins with a zero, and its length says where it ends.
        address.set(JAVA_BYTE, 2, (byte) 0);
        addressLength--;
      }
      connect();
    }
  }

  private static long watchdog(Map<String, String> environment, long pid) {
    String meant = environment.get("WATCHDOG_PID");
    if (meant != null && !meant.equals(Long.toString(pid))) {
      return 0;
    }
    try {
      return Math.max(0, Long.parseLong(environment.getOrDefault("WATCHDOG_USEC", "0")));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private void connect() {
    if (fd >= 0) {
      Libc.close(fd);
    }
    fd = Libc.socket(Const.AF_UNIX, Const.SOCK_DGRAM | Const.SOCK_CLOEXEC, 0);
    if (fd >= 0 && Libc.connect(fd, address.address(), addressLength) < 0) {
      Libc.close(fd);
      fd = -1;
    }
  }

  /** Whether a service manager listens. */
  public boolean active() {
    return !socket.isEmpty();
  }

  /** How often at least it wants to hear that we live, in nanoseconds; 0 where it does not. */
  public long watchdogNanos() {
    return watchdogMicros * 1000;
  }

  /**
   * How many descriptors it keeps for us, as it says from systemd 254 on; 0 where it does not say.
   */
  public int keeps() {
    return keeps;
  }

  /** Everything accepts. */
  public void ready(long pid, String status) {
    send("READY=1\nMAINPID=" + pid + "\nSTATUS=" + oneLine(status));
  }

  /**
   * Another process is the service from here on; this one says nothing more.
   *
   * @param pid its number
   */
  public void handOver(long pid) {
    send("MAINPID=" + pid);
    flushWithin(HAND_OVER_NANOS);
    muted = true;
  }

  /** A reload has begun; {@link #ready} ends it. */
  public void reloading() {
    send(
        "RELOADING=1\nMONOTONIC_USEC="
            + System.nanoTime() / 1000
            + "\nSTATUS=reading the configuration");
  }

  /** The server ends, and may take this long. */
  public void stopping(String status, long nanos) {
    send("STOPPING=1" + extend(nanos) + "\nSTATUS=" + oneLine(status));
  }

  /** How the end goes on. */
  public void stillStopping(String status, long nanos) {
    send("STATUS=" + oneLine(status) + extend(nanos));
  }

  private static String extend(long nanos) {
    return "\nEXTEND_TIMEOUT_USEC=" + nanos / 1000;
  }

  /** A line for `systemctl status`. */
  public void status(String status) {
    send("STATUS=" + oneLine(status));
  }

  /** All is well. */
  public void alive() {
    send("WATCHDOG=1");
  }

  /**
   * Gives a descriptor into keeping: it comes back to the next process of the service.
   *
   * @param name by which it is recognized
   */
  public void keep(String name, int descriptor) {
    send("FDSTORE=1\nFDNAME=" + name, descriptor);
  }

  /** Has what was kept under this name thrown away. */
  public void forget(String name) {
    send("FDSTOREREMOVE=1\nFDNAME=" + name);
  }

  private void send(String message) {
    send(message, -1);
  }

  private void send(String message, int descriptor) {
    if (active() && !muted && waiting.size() < MOST_WAITING) {
      waiting.add(new Message(message, descriptor));
      flush();
    }
  }

  /** Tries again what a busy manager did not take. */
  public void flush() {
    while (!waiting.isEmpty()) {
      int errno = send(waiting.peek());
      if (errno == Errno.EAGAIN || errno == Errno.ENOBUFS) {
        return;
      }
      waiting.remove();
    }
  }

  /** The same until all is taken, or that time is over: for last words. */
  public void flushWithin(long nanos) {
    long until = System.nanoTime() + nanos;
    flush();
    while (!waiting.isEmpty() && System.nanoTime() - until < 0) {
      LockSupport.parkNanos(1_000_000);
      flush();
    }
  }

  private int send(Message message) {
    byte[] bytes = message.text().getBytes(StandardCharsets.UTF_8);
    int length = Math.min(bytes.length, MOST_BYTES);
    MemorySegment.copy(bytes, 0, text, JAVA_BYTE, 0, length);
    for (int attempt = 0; ; attempt++) {
      header.reset();
      header.addVector(text.address(), length);
      if (message.fd() >= 0) {
        header.addDescriptor(message.fd());
      }
      long sent = fd < 0 ? -Errno.ENOTCONN : header.send(fd);
      if (sent >= 0) {
        return 0;
      }
      int errno = (int) -sent;
      if (errno == Errno.EAGAIN || errno == Errno.ENOBUFS || attempt > 0) {
        return errno;
      }
      // A manager that was started anew has made its socket anew.
      connect();
    }
  }

  private static String oneLine(String status) {
    return status.replace('\n', ' ');
  }
}
