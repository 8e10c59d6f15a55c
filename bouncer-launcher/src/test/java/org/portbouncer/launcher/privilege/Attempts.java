package org.portbouncer.launcher.privilege;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.DataInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.portbouncer.core.hop.SealedHeaders;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Seccomp;

/**
 * A process in the place of a worker: tries what a worker that was taken over might, says what came
 * of it, puts the filter on that it reads from its input, and tries again. Arguments: a port where
 * somebody listens, a file, a process.
 */
final class Attempts {

  private interface Attempt {
    void run() throws Exception;
  }

  private Attempts() {}

  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[0]);
    Path file = Path.of(arguments[1]);
    int process = Integer.parseInt(arguments[2]);
    // What the VM makes for itself once, and a worker never needs.
    Files.exists(Path.of("/proc/self"));
    Files.readAllBytes(Path.of("/proc/self/stat"));
    all("open", port, file, process);
    load();
    CallAttempts calls = new CallAttempts(file.resolveSibling("datagrams"));
    byte[] filter = new byte[new DataInputStream(System.in).readInt()];
    new DataInputStream(System.in).readFully(filter);
    System.out.println("headers: " + SealedHeaders.make());
    System.out.println("filter: " + Seccomp.confine(filter));
    all("filtered", port, file, process);
    calls.all().forEach((what, result) -> outcome("call " + what, result >= 0));
    System.out.flush();
    if (arguments.length > 3) {
      execute();
    }
    System.exit(0);
  }

  /** All that is run after the filter, which may forbid to open a file. */
  private static void load() throws Exception {
    for (String place : List.of(System.getProperty("java.class.path").split(":", -1))) {
      try (Stream<Path> files = Files.walk(Path.of(place))) {
        for (Path file : files.toList()) {
          String name = Path.of(place).relativize(file).toString().replace('/', '.');
          if (name.matches(
              ".*\\.core\\.(sys|hop|session|shared)\\..*\\.class|.*\\.CallAttempts.*\\.class")) {
            Class.forName(name.substring(0, name.length() - ".class".length()));
          }
        }
      }
    }
  }

  private static void all(String when, int port, Path file, int process) {
    attempt(when + " program", () -> new ProcessBuilder("/bin/true").start().waitFor());
    attempt(when + " connect", () -> new Socket(loopback(), port).close());
    attempt(when + " listen", () -> new ServerSocket(0, 1, loopback()).close());
    attempt(when + " datagrams", () -> new DatagramSocket().close());
    attempt(when + " write", () -> Files.writeString(file.resolveSibling("written"), "x"));
    attempt(when + " change", () -> Files.writeString(file, "x"));
    attempt(when + " read", () -> Files.readString(file));
    attempt(when + " names", () -> Files.readAllBytes(Path.of("/etc/nsswitch.conf")));
    attempt(when + " signal", () -> check(Libc.kill(process, 15)));
    attempt(when + " thread", () -> thread());
    attempt(when + " program file", () -> Files.size(Path.of(System.getProperty("java.home"))));
  }

  private static void thread() throws InterruptedException {
    Thread thread = new Thread(() -> {});
    thread.start();
    thread.join();
  }

  private static InetAddress loopback() {
    return InetAddress.ofLiteral("127.0.0.1");
  }

  private static void check(int result) throws IOException {
    if (result < 0) {
      throw new IOException("errno " + -result);
    }
  }

  private static void attempt(String what, Attempt attempt) {
    String outcome = "done";
    try {
      attempt.run();
    } catch (Exception | LinkageError e) {
      outcome = "refused";
    }
    System.out.println(what + ": " + outcome);
  }

  private static void outcome(String what, boolean done) {
    System.out.println(what + ": " + (done ? "done" : "refused"));
  }

  /** The call itself, which ProcessBuilder does not come to. */
  private static void execute() throws Exception {
    Linker linker = Linker.nativeLinker();
    try (Arena arena = Arena.ofConfined()) {
      int result =
          (int)
              linker
                  .downcallHandle(
                      linker.defaultLookup().find("execve").orElseThrow(),
                      FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS))
                  .invokeExact(
                      arena.allocateFrom("/bin/true"), MemorySegment.NULL, MemorySegment.NULL);
      System.out.println("execve: " + result);
    } catch (Throwable t) {
      throw new IllegalStateException(t);
    }
  }
}
