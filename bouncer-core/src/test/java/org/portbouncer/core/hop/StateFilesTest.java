package org.portbouncer.core.hop;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.core.config.Configuration.StateTransfer.Mode;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

class StateFilesTest {

  private static final int TAIL = 100_000;
  private static final int RESERVED = 116;

  @TempDir private Path folder;
  private final MemorySegment tail = Native.allocate(TAIL);
  private final MemorySegment mark = Native.allocate(8);
  private final Session session = new Session();
  private long descriptors;

  @BeforeEach
  void create() {
    for (int i = 0; i < TAIL; i++) {
      tail.set(JAVA_BYTE, i, (byte) (i * 31));
    }
    mark.fill((byte) 0x5a);
    session.create(tail.address(), TAIL);
    session.state().identify(77, 3, 4);
    descriptors = Open.descriptors();
  }

  @AfterEach
  void nothingStaysOpen() {
    session.clear();
    assertThat(Open.descriptors()).isEqualTo(descriptors);
  }

  private StateFiles files(boolean inDirectory) {
    return new StateFiles(inDirectory ? folder.toString() : "");
  }

  private int fd() {
    return session.descriptors().peek(Descriptors.STATE);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldHoldTheWholeStateUnderNoName(boolean inDirectory) throws IOException {
    StateFiles files = files(inDirectory);
    assertThat(files.inDirectory()).isEqualTo(inDirectory);
    assertThat(files.create(session)).isZero();
    assertThat(session.transfer()).isEqualTo(Mode.FILE_FD);
    assertThat(fd()).isNotNegative();
    try (Stream<Path> names = Files.list(folder)) {
      assertThat(names).isEmpty();
    }
    Path file = Path.of("/proc/self/fd/" + fd());
    assertThat(Files.size(file)).isEqualTo(SessionState.BYTES + TAIL);
    assertThat(Files.readSymbolicLink(file).toString()).contains("(deleted)");
    assertReads();
  }

  /** Reads the state into another session and compares. */
  private void assertReads() {
    Session other = new Session();
    other.descriptors().put(Descriptors.STATE, session.descriptors().take(Descriptors.STATE));
    assertThat(StateFiles.read(other, SessionState.BYTES + TAIL)).isTrue();
    assertThat(other.state().id()).isEqualTo(77);
    assertThat(other.state().rule()).isEqualTo(session.state().rule());
    MemorySegment read = Native.allocate(TAIL);
    assertThat(StateFiles.readTail(other, read.address(), TAIL)).isEqualTo(TAIL);
    assertThat(read.mismatch(tail)).isEqualTo(-1);
    assertThat(StateFiles.readTail(other, read.address(), TAIL + 1)).as("no more").isEqualTo(TAIL);
    other.clear();
  }

  @Test
  void shouldWriteTheHeadOnlyWhenItHasChanged() {
    assertThat(files(false).create(session)).isZero();
    Libc.pwrite(fd(), mark.address(), 4, RESERVED);
    assertThat(StateFiles.update(session)).isZero();
    assertThat(reserved()).as("not written").isEqualTo((byte) 0x5a);

    session.state().rule(3);
    assertThat(StateFiles.update(session)).isZero();
    assertThat(reserved()).as("written").isZero();
    assertReads();
  }

  private byte reserved() {
    MemorySegment piece = Native.allocate(8);
    assertThat(Libc.pread(fd(), piece.address(), 4, RESERVED)).isEqualTo(4);
    return piece.get(JAVA_BYTE, 0);
  }

  @Test
  void shouldRefuseWhenTheFileHoldsNoStateOfThatLength() {
    assertThat(files(false).create(session)).isZero();
    assertThat(StateFiles.read(session, SessionState.BYTES + TAIL - 8)).isFalse();
    assertThat(StateFiles.read(session, 8)).isFalse();
    Libc.ftruncate(fd(), SessionState.BYTES - 1);
    assertThat(StateFiles.read(session, SessionState.BYTES + TAIL)).isFalse();
  }

  @Test
  void shouldMoveToMemoryWhenTheFileTakesNoMore() {
    assertThat(files(true).create(session)).isZero();
    readOnly();
    session.state().rule(6);
    assertThat(StateFiles.update(session)).isEqualTo(Errno.EBADF);
    assertThat(files(true).moveToMemory(session)).isZero();
    assertThat(StateFiles.update(session)).as("unchanged since").isZero();
    assertReads();
  }

  /** Replaces the session's file by one that cannot be written. */
  private void readOnly() {
    try (Arena arena = Arena.ofConfined()) {
      int fd = Libc.open(Native.string(arena, "/proc/self/fd/" + fd()), Const.O_RDONLY, 0);
      session.descriptors().put(Descriptors.STATE, fd);
    }
  }

  private void assertRefused(StateFiles files, int errno) {
    assertThat(files.create(session)).isEqualTo(errno);
    assertThat(session.transfer()).isEqualTo(Mode.INLINE);
    assertThat(fd()).isEqualTo(-1);
    assertThat(session.tailLength()).isEqualTo(TAIL);
    assertThat(session.state().id()).isEqualTo(77);
    assertThat(files.createInMemory(session)).isZero();
    assertReads();
  }

  @Test
  void shouldSayWhyWhenTheDirectoryDoesNotExist() {
    assertRefused(new StateFiles(folder.resolve("gone").toString()), Errno.ENOENT);
  }

  @Test
  void shouldSayWhyWhenTheDirectoryIsAFile() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertRefused(new StateFiles(file.toString()), Errno.ENOTDIR);
  }

  @Test
  void shouldSayWhyWhenTheDirectoryCannotBeWritten() throws Exception {
    try (Tmpfs readOnly = new Tmpfs(folder, "ro,size=64k")) {
      assertThat(readOnly).isNotNull();
      assertRefused(files(true), Errno.EROFS);
    }
  }

  @Test
  void shouldSayWhyWhenTheDirectoryIsFull() throws Exception {
    try (Tmpfs small = new Tmpfs(folder, "size=64k")) {
      assertThat(small).isNotNull();
      assertRefused(files(true), Errno.ENOSPC);
    }
  }
}
