package org.portbouncer.launcher.mother;

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

  @BeforeEach
  void prepare() throws IOException {
    proc = folder.resolve("proc");
    groups = folder.resolve("groups");
    write(proc.resolve("meminfo"), "MemTotal:  4096000 kB\nMemAvailable:    1024000 kB\n");
    write(proc.resolve("self/cgroup"), "1:name=systemd:/x\n0::/system.slice/bouncer.service\n");
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
    assertThat(FreeMemory.bytes(proc, groups)).isEqualTo(1000 * MIB);
  }

  @Test
  void shouldTellWhatTheNarrowestGroupAboveHas() throws IOException {
    group("system.slice/bouncer.service", Long.toString(600 * MIB), 300 * MIB, 20 * MIB);
    group("system.slice", Long.toString(800 * MIB), 700 * MIB, 0);
    assertThat(FreeMemory.bytes(proc, groups)).isEqualTo(100 * MIB);
    group("system.slice", "max", 700 * MIB, 0);
    assertThat(FreeMemory.bytes(proc, groups)).isEqualTo(320 * MIB);
  }

  @Test
  void shouldNotMindWhereNothingIsToBeRead() throws IOException {
    assertThat(FreeMemory.bytes(folder.resolve("none"), groups)).isEqualTo(Long.MAX_VALUE);
    group("system.slice/bouncer.service", "much", 300 * MIB, 0);
    assertThat(FreeMemory.bytes(proc, groups)).isEqualTo(1000 * MIB);
  }
}
