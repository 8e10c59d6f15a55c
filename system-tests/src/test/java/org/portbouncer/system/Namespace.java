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

/** A network of its own, as one machine has it; held by a process, and gone with it. */
final class Namespace implements AutoCloseable {

  private static final int CLONE_NEWNET = 0x4000_0000;
  private static final int O_CLOEXEC = 0x80000;

  private final Process holder;

  private Namespace(Process holder) {
    this.holder = holder;
  }

  /** Skips the test where this machine does not permit or have what it takes. */
  static void assumePermitted() throws IOException, InterruptedException {
    assumeTrue(Accounts.isRoot(), "only root has network namespaces");
    assumeTrue(has("unshare", "--version") && has("nsenter", "--version"), "no util-linux here");
    assumeTrue(has("ip", "-V"), "no ip here (Debian: package iproute2)");
  }

  private static boolean has(String... command) throws InterruptedException {
    try {
      return CommandResult.run(null, List.of(command)).exit() == 0;
    } catch (IOException none) {
      return false;
    }
  }

  static Namespace create() throws IOException {
    // It says a word when it is in its namespace.
    Process process =
        new ProcessBuilder("unshare", "--net", "sh", "-c", "echo in && exec sleep 600").start();
    assumeTrue(process.inputReader().readLine() != null, "network namespaces are not permitted");
    return new Namespace(process);
  }

  /** As `ip` knows it. */
  String name() {
    return Long.toString(holder.pid());
  }

  /** Gives one end of a cable its address. */
  void up(String link, String address) throws Exception {
    run("ip", "link", "set", "lo", "up");
    run("ip", "address", "add", address + "/24", "dev", link);
    run("ip", "link", "set", link, "up");
  }

  void run(String... command) throws Exception {
    List<String> all = new ArrayList<>(before());
    all.addAll(List.of(command));
    CommandResult result = CommandResult.run(null, all);
    assertThat(result.exit()).as(result.allText()).isZero();
  }

  /** What stands before a command that is to run there. */
  List<String> before() {
    return List.of("nsenter", "--net=" + file());
  }

  private String file() {
    return "/proc/" + holder.pid() + "/ns/net";
  }

  /** Does something there: sockets that it makes are there for good. */
  <T> T in(Callable<T> task) throws Exception {
    FutureTask<T> future = new FutureTask<>(entered(task));
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

  /** The same as something to be run, on a thread of its own that does nothing else. */
  <T> Callable<T> entered(Callable<T> task) {
    return () -> {
      enterWithThisThread();
      return task.call();
    };
  }

  private void enterWithThisThread() throws Exception {
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
      int fd = (int) open.invokeExact(arena.allocateFrom(file()), O_CLOEXEC);
      int result = (int) setns.invokeExact(fd, CLONE_NEWNET);
      int closed = (int) close.invokeExact(fd);
      assertThat(result + closed).as("setns, close").isZero();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    holder.destroyForcibly();
  }
}
