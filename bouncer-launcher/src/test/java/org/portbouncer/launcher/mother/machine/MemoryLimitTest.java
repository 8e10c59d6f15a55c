package org.portbouncer.launcher.mother.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of the kernel are rebuilt in a folder, as they are seen from where a server runs. */
class MemoryLimitTest {
  private static final String SECOND =
      "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
  private static final String FIRST =
      "35 25 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory";

  @TempDir private Path root;

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text + "\n");
  }

  private void kernel(String cgroup, String mountinfo) throws IOException {
    write("proc/self/cgroup", cgroup);
    write("proc/self/mountinfo", "24 1 8:1 / / rw - ext4 /dev/vda rw\n" + mountinfo);
  }

  private long mebibytes() {
    return MemoryLimit.mebibytes(MemoryLimit.of(root).bytes());
  }

  @Test
  void shouldTakeTheLeastOfTheGroupAndThoseAboveIt() throws Exception {
    kernel("0::/system.slice/bouncer.service", SECOND);
    write("sys/fs/cgroup/system.slice/memory.max", Integer.toString(200 << 20));
    write("sys/fs/cgroup/system.slice/bouncer.service/memory.max", Integer.toString(300 << 20));
    assertThat(mebibytes()).isEqualTo(200);
    assertThat(MemoryLimit.of(root).file())
        .isEqualTo(root.resolve("sys/fs/cgroup/system.slice/memory.max"));
    write("sys/fs/cgroup/system.slice/bouncer.service/memory.max", Integer.toString(100 << 20));
    assertThat(mebibytes()).isEqualTo(100);
  }

  @Test
  void shouldFindTheLimitOfAContainerThatSeesItsOwnGroupAsTheTop() throws Exception {
    kernel("0::/", SECOND);
    write("sys/fs/cgroup/memory.max", Integer.toString(256 << 20));
    assertThat(mebibytes()).isEqualTo(256);
  }

  @Test
  void shouldFindTheLimitOfAContainerThatSeesItsPathAsItIsOutside() throws Exception {
    kernel("4:memory:/docker/abc\n0::/", FIRST.replace("0:30 /", "0:30 /docker/abc"));
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", Integer.toString(96 << 20));
    assertThat(mebibytes()).isEqualTo(96);
    kernel("4:memory:/docker/abcdef\n0::/", FIRST.replace("0:30 /", "0:30 /docker/abc"));
    assertThat(mebibytes()).isEqualTo(96);
  }

  @Test
  void shouldLookIntoBothVersionsWhereBothAreMounted() throws Exception {
    kernel(
        "4:memory:/user\n1:cpu:/other\n0::/user",
        FIRST + "\n" + FIRST.replace("memory", "cpu") + "\n" + SECOND.replace("cgroup rw", "x rw"));
    write("sys/fs/cgroup/memory/user/memory.limit_in_bytes", Integer.toString(64 << 20));
    assertThat(mebibytes()).isEqualTo(64);
  }

  @Test
  void shouldFindNoneWhereNoneIsSet() throws Exception {
    kernel("4:memory:/user\n0::/user", FIRST + "\n" + SECOND);
    write("sys/fs/cgroup/user/memory.max", "max");
    write("sys/fs/cgroup/memory/user/memory.limit_in_bytes", "9223372036854771712");
    assertThat(MemoryLimit.of(root)).isNull();
  }

  @Test
  void shouldFindNoneWhereTheKernelsFilesAreHiddenOrStrange() throws Exception {
    assertThat(MemoryLimit.of(root)).as("no /proc").isNull();
    kernel("0::/../..", SECOND);
    assertThat(MemoryLimit.of(root)).as("no /sys").isNull();
    write("sys/fs/cgroup/memory.max", "lots");
    assertThat(MemoryLimit.of(root)).as("no number").isNull();
    write("proc/self/mountinfo", "garbage");
    write("proc/self/cgroup", "garbage");
    assertThat(MemoryLimit.of(root)).as("garbage").isNull();
  }

  @Test
  void shouldAskForMoreWithEachWorker() {
    long least = MemoryLimit.least(6);
    assertThat(new MemoryLimit(least, root).isTooSmallFor(6)).isFalse();
    assertThat(new MemoryLimit(least, root).isTooSmallFor(7)).isTrue();
  }
}
