package org.portbouncer.launcher.log;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Pipes;

class OutletTest {

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long LONG = TimeUnit.SECONDS.toNanos(20);

  private final int[] pipe = Pipes.open();
  private final Outlet outlet = new Outlet(pipe[1], "outlet", count -> bytes("left out: " + count));
  private final StringBuilder read = new StringBuilder();
  private boolean closed;

  @AfterEach
  void close() {
    if (!closed) {
      Libc.close(pipe[0]);
    }
    // The thread has nothing left to write by then: it fails at once, and waits for lines.
    outlet.drain(LONG);
    Libc.close(pipe[1]);
  }

  private static byte[] bytes(String line) {
    return (line + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Reads what is there now. */
  private List<String> lines() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate(64 * 1024);
      for (long n; (n = Libc.read(pipe[0], piece.address(), piece.byteSize())) > 0; ) {
        byte[] got = piece.asSlice(0, n).toArray(JAVA_BYTE);
        read.append(new String(got, StandardCharsets.UTF_8));
      }
    }
    return read.toString().lines().toList();
  }

  private void awaitLast(String line) {
    await().until(() -> !lines().isEmpty() && lines().getLast().equals(line));
  }

  @Test
  void shouldWriteLinesInOrderWhenTheyAreRead() {
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      String line = i + "x".repeat(i % 90);
      expected.add(line);
      assertThat(outlet.offer(bytes(line))).isTrue();
    }
    expected.add("y".repeat(10_000));
    outlet.offer(bytes(expected.getLast()));
    awaitLast(expected.getLast());
    assertThat(lines()).isEqualTo(expected);
    assertThat(outlet.leftOut()).isZero();
    assertThat(outlet.drain(LONG)).isTrue();
  }

  @Test
  void shouldLeaveLinesOutAndSayHowManyInTheirPlaceWhenNobodyReadsForAWhile() {
    List<String> taken = new ArrayList<>();
    long refused = 0;
    for (int i = 0; i < 20_000; i++) {
      String line = "line " + i + " " + "x".repeat(30);
      if (outlet.offer(bytes(line))) {
        taken.add(line);
      } else {
        refused++;
      }
    }
    assertThat(refused).isPositive().isEqualTo(outlet.leftOut());
    assertThat(outlet.drain(SECOND / 50)).as("written without a reader").isFalse();
    long waiting = taken.size();
    await().until(() -> lines().size() > waiting);
    assertThat(lines()).hasSize((int) waiting + 1).last().isEqualTo("left out: " + refused);
    assertThat(lines().subList(0, (int) waiting)).isEqualTo(taken);
    outlet.offer(bytes("and on"));
    awaitLast("and on");
    assertThat(outlet.leftOut()).as("said once, counted once").isEqualTo(refused);
  }

  @Test
  void shouldCountLinesAndNotSpinWhenTheReaderHasGone() {
    Libc.close(pipe[0]);
    closed = true;
    for (int i = 0; i < 100; i++) {
      assertThat(outlet.offer(bytes("line " + i))).isTrue();
    }
    await().until(() -> outlet.leftOut() == 100);
    assertThat(outlet.drain(LONG)).as("nothing is left to wait for").isTrue();
    assertThat(outlet.leftOut()).isEqualTo(100);
  }
}
