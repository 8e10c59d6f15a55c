package org.portbouncer.system;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Two machines with a cable between them, as two network namespaces. They live as long as a process
 * each that holds them, and are gone with it.
 */
final class Network implements AutoCloseable {
  /** The addresses of the two. */
  static final String NEAR = "10.203.0.1";

  static final String FAR = "10.203.0.2";

  /** Those of the near one to its clients, and of a client. */
  static final String NEAR_CLIENTS = "10.204.0.1";

  static final String CLIENTS = "10.204.0.2";

  private static final int CLONE_NEWNET = 0x4000_0000;
  private static final int O_CLOEXEC = 0x80000;

  private final Process near;
  private final Process far;
  private Process clients;
  private boolean vanished;

  private Network(Process near, Process far) {
    this.near = near;
    this.far = far;
  }

  /** Lays the cable; skips the test where this machine does not permit or have what it takes. */
  static Network create() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root has network namespaces");
    assumeTrue(has("unshare", "--version") && has("nsenter", "--version"), "no util-linux here");
    assumeTrue(has("ip", "-V"), "no ip here (Debian: package iproute2)");
    Network network = new Network(holder(), holder());
    try {
      CommandResult cable =
          CommandResult.run(
              null,
              List.of(
                  "ip",
                  "link",
                  "add",
                  "near",
                  "netns",
                  Long.toString(network.near.pid()),
                  "type",
                  "veth",
                  "peer",
                  "name",
                  "far",
                  "netns",
                  Long.toString(network.far.pid())));
      assumeTrue(cable.exit() == 0, () -> "no veth here: " + cable.allText());
      up(network.near, "near", NEAR);
      up(network.far, "far", FAR);
      return network;
    } catch (Throwable e) {
      network.close();
      throw e;
    }
  }

  private static boolean has(String... command) throws InterruptedException {
    try {
      return CommandResult.run(null, List.of(command)).exit() == 0;
    } catch (IOException none) {
      return false;
    }
  }

  private static Process holder() throws IOException {
    // It says a word when it is in its namespace.
    Process process =
        new ProcessBuilder("unshare", "--net", "sh", "-c", "echo in && exec sleep 600").start();
    assumeTrue(process.inputReader().readLine() != null, "network namespaces are not permitted");
    return process;
  }

  private static void up(Process where, String link, String address) throws Exception {
    run(where, "ip", "link", "set", "lo", "up");
    run(where, "ip", "address", "add", address + "/24", "dev", link);
    run(where, "ip", "link", "set", link, "up");
  }

  private static void run(Process where, String... command) throws Exception {
    List<String> all = new ArrayList<>(enter(where));
    all.addAll(List.of(command));
    CommandResult result = CommandResult.run(null, all);
    assertThat(result.exit()).as(result.allText()).isZero();
  }

  private static List<String> enter(Process where) {
    return List.of("nsenter", "--net=" + namespace(where));
  }

  private static String namespace(Process where) {
    return "/proc/" + where.pid() + "/ns/net";
  }

  /** What stands before a command that is to run on the near machine. */
  List<String> onNear() {
    return enter(near);
  }

  /** Does something on the near machine: sockets that it makes are there for good. */
  <T> T near(Callable<T> task) throws Exception {
    return in(near, task);
  }

  /** The same where the clients are, after {@link #addClients}. */
  <T> T clients(Callable<T> task) throws Exception {
    return in(clients, task);
  }

  /**
   * Adds a third machine, {@link #CLIENTS}, on the other side of the near one, {@link
   * #NEAR_CLIENTS}. The far one finds it through the near one, which takes what comes from far as
   * meant for itself: what a proxy that speaks with its clients' addresses needs.
   */
  void addClients() throws Exception {
    clients = holder();
    run(
        near,
        "ip",
        "link",
        "add",
        "home",
        "type",
        "veth",
        "peer",
        "name",
        "away",
        "netns",
        Long.toString(clients.pid()));
    up(near, "home", NEAR_CLIENTS);
    up(clients, "away", CLIENTS);
    run(far, "ip", "route", "add", CLIENTS + "/32", "via", NEAR);
    run(near, "ip", "rule", "add", "iif", "near", "lookup", "100");
    run(near, "ip", "route", "add", "local", "default", "dev", "lo", "table", "100");
  }

  /** The same on the far one. */
  <T> T far(Callable<T> task) throws Exception {
    return in(far, task);
  }

  private static <T> T in(Process where, Callable<T> task) throws Exception {
    FutureTask<T> future =
        new FutureTask<>(
            () -> {
              enterWithThisThread(namespace(where));
              return task.call();
            });
    // A thread of its own, which ends in the other namespace.
    Thread.ofPlatform().start(future);
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }

  private static void enterWithThisThread(String namespace) throws Exception {
    Linker linker = Linker.nativeLinker();
    MethodHandle open =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("open"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    MethodHandle setns =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("setns"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    MethodHandle close =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("close"), FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int fd = (int) open.invokeExact(arena.allocateFrom(namespace), O_CLOEXEC);
      int result = (int) setns.invokeExact(fd, CLONE_NEWNET);
      int closed = (int) close.invokeExact(fd);
      assertThat(result + closed).as("setns, close").isZero();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * The far machine says nothing any more, as one that lost its power: what it would send to the
   * near one goes nowhere.
   */
  void vanishFar() throws Exception {
    run(far, "ip", "route", "add", "blackhole", NEAR + "/32");
    vanished = true;
  }

  /** It is there again, if it had vanished. */
  void returnFar() throws Exception {
    if (vanished) {
      vanished = false;
      run(far, "ip", "route", "del", "blackhole", NEAR + "/32");
    }
  }

  @Override
  public void close() {
    near.destroyForcibly();
    far.destroyForcibly();
    if (clients != null) {
      clients.destroyForcibly();
    }
  }
}
