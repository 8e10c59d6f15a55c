package org.portbouncer.launcher.mother.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FreeMemoryTest {
  private static final long MIB = 1 << 20;

  @TempDir private Path folder;
  private Path proc;
  private Path groups;
  private Path first;

  @BeforeEach
  void prepare() throws IOException {
    proc = folder.resolve("proc");
    groups = folder.resolve("sys/fs/cgroup/unified");
    first = folder.resolve("sys/fs/cgroup/memory");
    write(proc.resolve("meminfo"), "MemTotal:  4096000 kB\nMemAvailable:    1024000 kB\n");
    write(
        proc.resolve("self/cgroup"),
        "4:memory:/jobs/b\n1:name=systemd:/x\n0::/system.slice/bouncer.service\n");
    write(
        proc.resolve("self/mountinfo"),
        """
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
        40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
        """);
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private void group(String path, String most, long used, long files) throws IOException {
    write(groups.resolve(path).resolve("memory.max"), most + "\n");
    write(groups.resolve(path).resolve("memory.current"), used + "\n");
    write(groups.resolve(path).resolve("memory.stat"), "anon 1\ninactive_file " + files + "\n");
  }

  @Test
  void shouldTellWhatTheMachineHasWhereNoGroupLimitsIt() throws IOException {
    group("system.slice/bouncer.service", "max", 4, 0);
    assertThat(FreeMemory.bytes(folder)).isEqualTo(1000 * MIB);
  }

  @Test
  void shouldTellWhatTheNarrowestGroupAboveHas() throws IOException {
    group("system.slice/bouncer.service", Long.toString(600 * MIB), 300 * MIB, 20 * MIB);
    group("system.slice", Long.toString(800 * MIB), 700 * MIB, 0);
    assertThat(FreeMemory.bytes(folder)).isEqualTo(100 * MIB);
    group("system.slice", "max", 700 * MIB, 0);
    assertThat(FreeMemory.bytes(folder)).isEqualTo(320 * MIB);
  }

  @Test
  void shouldNotMindWhereNothingIsToBeRead() throws IOException {
    assertThat(FreeMemory.bytes(folder.resolve("none"))).isEqualTo(Long.MAX_VALUE);
    group("system.slice/bouncer.service", "much", 300 * MIB, 0);
    assertThat(FreeMemory.bytes(folder)).isEqualTo(1000 * MIB);
  }

  @Test
  void shouldTellWhatAGroupOfTheFirstVersionHas() throws IOException {
    group("system.slice/bouncer.service", "max", 4, 0);
    Path jobs = first.resolve("jobs");
    write(jobs.resolve("memory.limit_in_bytes"), 256 * MIB + "\n");
    write(jobs.resolve("memory.usage_in_bytes"), 200 * MIB + "\n");
    write(jobs.resolve("memory.stat"), "inactive_file 1\ntotal_inactive_file " + 8 * MIB + "\n");
    write(jobs.resolve("b/memory.limit_in_bytes"), "9223372036854771712\n");
    assertThat(FreeMemory.bytes(folder)).isEqualTo(64 * MIB);
  }
}
