package org.portbouncer.core.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NativeTest {

  @Test
  void shouldLetNobodyChangeAConstantFile() {
    byte[] content = new byte[100_000];
    new Random(7).nextBytes(content);
    int fd = Native.constantFile("test", content);
    MemorySegment other = Native.allocate(8);
    assertThat(Libc.pwrite(fd, other.address(), 8, 0)).isEqualTo(-Errno.EPERM);
    assertThat(Libc.ftruncate(fd, 10)).isEqualTo(-Errno.EPERM);
    assertThat(Libc.ftruncate(fd, 200_000)).isEqualTo(-Errno.EPERM);
    assertThat(Libc.fcntl(fd, Const.F_ADD_SEALS, 0)).isEqualTo(-Errno.EPERM);
    assertThatThrownBy(() -> Native.map(fd, 4096)).isInstanceOf(SystemCallException.class);
    assertThat(Native.read(fd, content.length)).isEqualTo(content);
    assertThatThrownBy(() -> Native.read(fd, content.length + 1))
        .isInstanceOf(SystemCallException.class);
    assertThat(Libc.close(fd)).isZero();
  }

  @Test
  void shouldLetNobodyChangeTheSizeOfASharedFile() {
    int fd = Native.sharedFile("test", 8192);
    assertThat(Libc.ftruncate(fd, 0)).isEqualTo(-Errno.EPERM);
    assertThat(Libc.ftruncate(fd, 16_384)).isEqualTo(-Errno.EPERM);
    assertThat(Libc.fcntl(fd, Const.F_ADD_SEALS, Const.F_SEAL_WRITE)).isEqualTo(-Errno.EPERM);
    MemorySegment memory = Native.map(fd, 8192);
    memory.set(java.lang.foreign.ValueLayout.JAVA_LONG, 8184, 42);
    assertThat(Native.map(fd, 8192).get(java.lang.foreign.ValueLayout.JAVA_LONG, 8184))
        .isEqualTo(42);
    assertThat(Libc.close(fd)).isZero();
  }

  @Test
  void shouldTellTheDeadFromTheLiving() throws Exception {
    assertThat(ProcessState.isDead((int) ProcessHandle.current().pid())).isFalse();
    Process process = new ProcessBuilder("true").start();
    assertThat(process.waitFor()).isZero();
    assertThat(ProcessState.isDead((int) process.pid())).isTrue();
    assertThat(ProcessState.isDead(1)).isFalse();
  }
}
