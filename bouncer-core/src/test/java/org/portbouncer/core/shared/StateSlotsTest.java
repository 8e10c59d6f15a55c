package org.portbouncer.core.shared;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

class StateSlotsTest {

  private static final int KIB = 1024;

  private final List<StateSlots> made = new ArrayList<>();

  private StateSlots slots(int count, int stateBytes) {
    StateSlots slots = StateSlots.create(count, stateBytes);
    made.add(slots);
    return slots;
  }

  @AfterEach
  void close() {
    made.forEach(slots -> Libc.close(slots.fd()));
  }

  @Test
  void shouldRefuseAGenerationWhenTheSlotIsFreeOrTakenAnew() {
    StateSlots slots = slots(64, SessionState.BYTES);
    int slot = slots.allocate();
    int generation = slots.generation(slot);
    assertThat(slots.current(slot, generation)).isTrue();

    slots.free(slot);
    assertThat(slots.current(slot, generation)).isFalse();
    assertThat(slots.current(slot, 0)).as("nobody's").isFalse();

    assertThat(slots.allocate()).isEqualTo(slot);
    assertThat(slots.current(slot, generation)).isFalse();
    assertThat(slots.current(slot, slots.generation(slot))).isTrue();
  }

  @Test
  void shouldRefuseASlotThatIsNone() {
    StateSlots slots = slots(64, SessionState.BYTES);
    assertThat(slots.current(-1, 1)).isFalse();
    assertThat(slots.current(64, 1)).isFalse();
    assertThat(slots.current(Integer.MAX_VALUE, 1)).isFalse();
  }

  @Test
  void shouldSayThatAllAreTakenAndGoOnWhenOneComesBack() {
    StateSlots slots = slots(100, SessionState.BYTES);
    assertThat(slots.count()).as("rounded up").isEqualTo(128);
    Set<Integer> taken = new HashSet<>();
    for (int i = 0; i < 128; i++) {
      taken.add(slots.allocate());
    }
    assertThat(taken).hasSize(128).doesNotContain(-1);
    assertThat(slots.allocate()).isEqualTo(-1);
    assertThat(slots.used()).isEqualTo(128);
    slots.free(77);
    assertThat(slots.allocate()).isEqualTo(77);
    assertThat(slots.allocate()).isEqualTo(-1);
  }

  @Test
  void shouldGiveMemoryBackAndStillRefuseOldGenerationsWhenTrimmed() throws Exception {
    StateSlots slots = slots(256, 64 * KIB);
    int[] generations = new int[256];
    for (int i = 0; i < 200; i++) {
      int slot = slots.allocate();
      generations[slot] = slots.generation(slot);
      fill(slots, slot);
    }
    long full = kibibytes(slots);
    assertThat(full).isGreaterThanOrEqualTo(200 * 64);

    int quiet = slots.trim(Integer.MAX_VALUE);
    assertThat(kibibytes(slots)).as("all in use").isEqualTo(full);
    for (int slot = 0; slot < 200; slot++) {
      if (slot != 3) {
        slots.free(slot);
      }
    }
    quiet = slots.trim(quiet);
    assertThat(kibibytes(slots)).as("in use until just now").isEqualTo(full);
    quiet = slots.trim(quiet);
    assertThat(kibibytes(slots)).as("the first 64 slots").isLessThan(66 * 68);
    assertThat(quiet).isEqualTo(64);

    assertThat(slots.current(3, generations[3])).as("still in use").isTrue();
    assertThat(slots.memory().get(JAVA_LONG, slots.stateAt(3))).isEqualTo(3);
    for (int slot = 64; slot < 200; slot++) {
      assertThat(slots.current(slot, generations[slot])).isFalse();
    }
    for (int i = 0; i < 150; i++) {
      int slot = slots.allocate();
      assertThat(slots.current(slot, generations[slot])).as("slot %d", slot).isFalse();
      assertThat(slots.generation(slot)).isGreaterThan(200);
    }
    assertThat(slots.used()).isEqualTo(151);
  }

  private static void fill(StateSlots slots, int slot) {
    for (long at = 0; at < slots.stateBytes() - 8; at += 4 * KIB) {
      slots.memory().set(JAVA_LONG, slots.stateAt(slot) + at, slot);
    }
  }

  /** What the area's file really takes. */
  private static long kibibytes(StateSlots slots) throws IOException, InterruptedException {
    String file = "/proc/" + ProcessHandle.current().pid() + "/fd/" + slots.fd();
    Process stat = new ProcessBuilder("stat", "-L", "-c", "%b", file).start();
    String blocks =
        new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
    assertThat(stat.waitFor()).isZero();
    return Long.parseLong(blocks) / 2;
  }

  @Test
  void shouldBeAllFreeWhenSeveralThreadsGaveThemBack() throws InterruptedException {
    StateSlots slots = slots(1024, SessionState.BYTES);
    for (int i = 0; i < 1024; i++) {
      slots.allocate();
    }
    List<Thread> threads = new ArrayList<>();
    for (int first = 0; first < 4; first++) {
      int from = first;
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int slot = from; slot < 1024; slot += 4) {
                      slots.free(slot);
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(slots.used()).isZero();
    Set<Integer> again = new HashSet<>();
    for (int i = 0; i < 1024; i++) {
      again.add(slots.allocate());
    }
    assertThat(again).hasSize(1024).doesNotContain(-1);
  }

  @Test
  void shouldNeverGiveASlotTwiceWhenThreadsGiveBackMeanwhile() throws InterruptedException {
    StateSlots slots = slots(64, SessionState.BYTES);
    BlockingQueue<Integer> out = new LinkedBlockingQueue<>();
    Set<Integer> held = ConcurrentHashMap.newKeySet();
    Runnable giveBack =
        () -> {
          try {
            for (int slot = out.take(); slot >= 0; slot = out.take()) {
              held.remove(slot);
              slots.free(slot);
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    List<Thread> threads =
        List.of(Thread.ofPlatform().start(giveBack), Thread.ofPlatform().start(giveBack));
    for (int taken = 0; taken < 50_000; ) {
      int slot = slots.allocate();
      if (slot < 0) {
        Thread.onSpinWait();
      } else {
        assertThat(held.add(slot)).as("slot %d is free", slot).isTrue();
        out.add(slot);
        taken++;
      }
    }
    out.add(-1);
    out.add(-1);
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(slots.used()).isZero();
  }

  @Test
  void shouldShowTheSameWhenMappedAgain() {
    StateSlots mothers = slots(64, 1000);
    int slot = mothers.allocate();
    mothers.memory().set(JAVA_LONG, mothers.stateAt(slot), 42);

    StateSlots workers = StateSlots.open(mothers.fd());
    assertThat(workers.count()).isEqualTo(64);
    assertThat(workers.stateBytes()).isEqualTo(mothers.stateBytes()).isGreaterThanOrEqualTo(1000);
    assertThat(workers.current(slot, mothers.generation(slot))).isTrue();
    assertThat(workers.memory().get(JAVA_LONG, workers.stateAt(slot))).isEqualTo(42);
    workers.memory().set(JAVA_LONG, workers.stateAt(slot), 43);
    assertThat(mothers.memory().get(JAVA_LONG, mothers.stateAt(slot))).isEqualTo(43);

    workers.free(slot);
    assertThat(mothers.used()).isZero();
  }

  @Test
  void shouldNotOpenWhatIsNoSlotArea() {
    int fd = Native.sharedFile("other", 4096);
    assertThatThrownBy(() -> StateSlots.open(fd)).isInstanceOf(IllegalArgumentException.class);
    Libc.close(fd);
  }
}
