package org.portbouncer.core.sys;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ChildProcessTest {

  private static final List<String> SAYS_ITS_SCORE =
      List.of("/bin/sh", "-c", "exec cat /proc/self/oom_score_adj - \"$@\" >&2", "sh");

  @Test
  void shouldHaveItsScoreWhenItsFirstInstructionRuns() throws Exception {
    int own = Integer.parseInt(Files.readString(Path.of("/proc/self/oom_score_adj")).strip());
    int score = Math.min(1000, own + 7);
    assertThat(ProcessState.scoreAboveOurs(7)).isEqualTo(score);
    assertThat(saidBy(SAYS_ITS_SCORE, score)).isEqualTo(score + "\n");
  }

  @Test
  void shouldRunWithOurScoreWhenTheKernelDoesNotTakeTheOther() throws Exception {
    String own = Files.readString(Path.of("/proc/self/oom_score_adj"));
    // More than there is, as a /proc that cannot be written takes none.
    assertThat(saidBy(SAYS_ITS_SCORE, 1001)).isEqualTo(own);
  }

  @Test
  void shouldGetItsWordsAsTheyAreWhenItHasAScore() throws Exception {
    List<String> command =
        List.of("/bin/sh", "-c", "printf '<%s>' \"$0\" \"$@\" >&2", "a b", "$HOME", "", "'\"*");
    assertThat(saidBy(command, 1000)).isEqualTo("<a b><$HOME><><'\"*>");
  }

  /** What a program with an empty standard input writes to its standard error. */
  private static String saidBy(List<String> command, int score) {
    int[] input = Pipes.open();
    int[] errors = Pipes.open();
    // Before it starts: who reads a pipe that does not wait is told to try again while it is open.
    Libc.close(input[1]);
    ChildProcess child = ChildProcess.start(command, input[0], errors[1], Set.of(), score);
    Libc.close(input[0]);
    Libc.close(errors[1]);
    assertThat(child.reap()).isZero();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment said = arena.allocate(1000);
      long length = Libc.read(errors[0], said.address(), 1000);
      Libc.close(errors[0]);
      return new String(said.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.UTF_8);
    }
  }
}
