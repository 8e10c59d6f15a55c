package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A control group of the kernel, of either version, for a server that lacks something. Where none
 * can be made (not root, or a container without) the test is skipped, and says so.
 */
final class ControlGroup implements AutoCloseable {
  private static final Path ROOT = Path.of("/sys/fs/cgroup");

  private static final AtomicInteger MADE = new AtomicInteger();

  private final Path folder;
  private final boolean second;

  private ControlGroup(Path folder, boolean second) {
    this.folder = folder;
    this.second = second;
  }

  /** A new one with this controller: "pids", "memory", "cpu". */
  static ControlGroup make(String controller) {
    boolean second = Files.exists(ROOT.resolve("cgroup.controllers"));
    Path parent = second ? ROOT : ROOT.resolve(controller);
    String name = "bouncer-test-" + ProcessHandle.current().pid() + "-" + MADE.incrementAndGet();
    Path folder = parent.resolve(name);
    try {
      Files.createDirectory(folder);
      // All groups of the second version can be frozen.
      String file = controller.equals("freezer") ? "cgroup.freeze" : controller + ".max";
      if (Files.exists(folder.resolve(second ? file : "tasks"))) {
        return new ControlGroup(folder, second);
      }
      Files.delete(folder);
    } catch (IOException e) {
      // Said below.
    }
    return abort("skipped: no control group for " + controller + " can be made in " + parent);
  }

  /** What a shell runs to be in it, with all that it starts. */
  String enter() {
    return "echo $$ > " + folder.resolve("cgroup.procs");
  }

  void write(String file, String value) throws IOException {
    Files.writeString(folder.resolve(file), value);
  }

  /** Has a process that runs go on in it. */
  void take(long pid) throws IOException {
    write("cgroup.procs", Long.toString(pid));
  }

  /** Has a process leave it. */
  void release(long pid) throws IOException {
    Files.writeString(folder.resolveSibling("cgroup.procs"), Long.toString(pid));
  }

  /** How much of one processor its processes have together, in milliseconds each second. */
  void limitProcessors(int millis) throws IOException {
    String most = Integer.toString(1000 * millis);
    if (second) {
      write("cpu.max", most + " 1000000");
    } else {
      write("cpu.cfs_period_us", "1000000");
      write("cpu.cfs_quota_us", most);
    }
  }

  /** The most memory, in MiB; -1 for no limit. */
  void limitMemory(int mebibytes) throws IOException {
    String most = mebibytes < 0 ? second ? "max" : "-1" : Long.toString((long) mebibytes << 20);
    write(second ? "memory.max" : "memory.limit_in_bytes", most);
  }

  /** Has all in it stand still, or go on; back when they do. */
  void freeze(boolean still) throws IOException {
    write(
        second ? "cgroup.freeze" : "freezer.state",
        second ? (still ? "1" : "0") : (still ? "FROZEN" : "THAWED"));
    String state = second ? "frozen " + (still ? 1 : 0) : still ? "FROZEN" : "THAWED";
    Path shown = folder.resolve(second ? "cgroup.events" : "freezer.state");
    await(state).until(() -> Files.readString(shown).contains(state));
  }

  /** How many processes the kernel has ended for want of memory. */
  long ended() throws IOException {
    Path events = folder.resolve(second ? "memory.events" : "memory.oom_control");
    try (Stream<String> lines = Files.lines(events)) {
      return lines
          .filter(line -> line.startsWith("oom_kill "))
          .mapToLong(line -> Long.parseLong(line.substring("oom_kill ".length())))
          .findFirst()
          .orElseThrow();
    }
  }

  @Override
  public void close() {
    await("the end of all processes in " + folder)
        .untilAsserted(
            () -> {
              assertThat(Files.readString(folder.resolve("cgroup.procs"))).isEmpty();
              Files.delete(folder);
            });
  }
}
