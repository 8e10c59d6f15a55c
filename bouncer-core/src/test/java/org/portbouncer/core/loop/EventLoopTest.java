package org.portbouncer.core.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SystemCallException;

@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EventLoopTest {

  private final EventLoop loop = new EventLoop();

  private final class Reading extends Pollable {
    private final int fd;
    private final Runnable then;
    private final List<String> read = new ArrayList<>();

    Reading(int fd, Runnable then) {
      this.fd = fd;
      this.then = then;
      loop.add(this, fd, Const.EPOLLIN);
    }

    @Override
    protected void ready(int events) {
      read.add(Descriptor.read(fd));
      then.run();
    }
  }

  private void runOneTurn() {
    loop.run(
        now -> {
          loop.stop();
          return false;
        });
  }

  @Test
  void shouldCallAPollableWhenItsDescriptorIsReady() {
    int[] pipe = Descriptor.pipe();
    Reading reading = new Reading(pipe[0], loop::stop);
    Descriptor.write(pipe[1], "x");
    loop.run(now -> false);
    assertThat(reading.read).containsExactly("x");
    loop.remove(reading, pipe[0]);
    assertThat(reading.registered()).isFalse();
    Descriptor.close(pipe);
  }

  /** What came from another process may be anything; the loop goes on. */
  @Test
  void shouldSayWhatItCannotWatchAndGoOn() {
    Pollable unfit =
        new Pollable() {
          @Override
          protected void ready(int events) {
            throw new AssertionError("an event of what is not watched");
          }
        };
    int file = Libc.memfdCreate(Native.string(Arena.ofAuto(), "file"), Const.MFD_CLOEXEC);
    int epoll = Libc.epollCreate1(Const.EPOLL_CLOEXEC);
    assertThat(loop.tryAdd(unfit, file, Const.EPOLLIN)).isEqualTo(Errno.EPERM);
    assertThat(loop.tryAdd(unfit, -1, Const.EPOLLIN)).isEqualTo(Errno.EBADF);
    assertThat(loop.tryAdd(unfit, epoll, Const.EPOLLIN | Const.EPOLLEXCLUSIVE))
        .isEqualTo(Errno.EINVAL);
    assertThat(unfit.registered()).isFalse();
    int[] pipe = Descriptor.pipe();
    Reading reading = new Reading(pipe[0], loop::stop);
    Descriptor.write(pipe[1], "x");
    loop.run(now -> false);
    assertThat(reading.read).containsExactly("x");
    Descriptor.close(pipe);
    Descriptor.close(file, epoll);
  }

  @Test
  void shouldReachNobodyWhenThePollableWasRemovedInTheSameBatch() {
    int[] one = Descriptor.pipe();
    int[] two = Descriptor.pipe();
    Reading[] both = new Reading[2];
    both[0] = new Reading(one[0], () -> loop.remove(both[1], two[0]));
    both[1] = new Reading(two[0], () -> loop.remove(both[0], one[0]));
    Descriptor.write(one[1], "x");
    Descriptor.write(two[1], "x");
    runOneTurn();
    assertThat(both[0].read.size() + both[1].read.size()).isEqualTo(1);
    Descriptor.close(one);
    Descriptor.close(two);
  }

  @Test
  void shouldNotReachTheSuccessorWhenItTookThePlaceOverInTheSameBatch() {
    int[] one = Descriptor.pipe();
    int[] two = Descriptor.pipe();
    int[] silent = Descriptor.pipe();
    List<Reading> successors = new ArrayList<>();
    Reading[] both = new Reading[2];
    both[0] = new Reading(one[0], () -> replace(both[1], two[0], silent[0], successors));
    both[1] = new Reading(two[0], () -> replace(both[0], one[0], silent[0], successors));
    Descriptor.write(one[1], "x");
    Descriptor.write(two[1], "x");
    runOneTurn();
    assertThat(successors).hasSize(1);
    assertThat(successors.getFirst().place).isIn(0, 1);
    assertThat(successors.getFirst().read).isEmpty();
    Descriptor.close(one);
    Descriptor.close(two);
    Descriptor.close(silent);
  }

  private void replace(Reading old, int fd, int silent, List<Reading> successors) {
    loop.remove(old, fd);
    successors.add(new Reading(silent, () -> {}));
  }

  @Test
  void shouldFireTimersInOrderWhenTheyAreDue() {
    List<String> fired = new ArrayList<>();
    set(2_000_000, () -> fired.add("second"));
    set(1_000_000, () -> fired.add("first"));
    set(
        3_000_000,
        () -> {
          fired.add("third");
          loop.stop();
        });
    loop.run(now -> false);
    assertThat(fired).containsExactly("first", "second", "third");
  }

  private void set(long afterNanos, Runnable task) {
    Timer timer =
        new Timer() {
          @Override
          protected void expired(long now) {
            assertThat(now - due()).isNotNegative();
            task.run();
          }
        };
    loop.timers().set(timer, loop.now() + afterNanos);
  }

  @Test
  void shouldNotWaitWhenATurnLeftWork() {
    int[] turns = {0};
    // Ends the first turn; no descriptor is watched, so any that waits would wait for ever.
    set(0, () -> {});
    loop.run(
        now -> {
          if (++turns[0] == 1000) {
            loop.stop();
          }
          return true;
        });
    assertThat(turns[0]).isEqualTo(1000);
  }

  @Test
  void shouldRunTasksOnItsThreadWhenOthersPostThem() throws InterruptedException {
    Mailbox mailbox = new Mailbox(loop);
    int threads = 4;
    int each = 1000;
    List<Thread> ranOn = new ArrayList<>();
    List<Thread> posting = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      posting.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int j = 0; j < each; j++) {
                      mailbox.post(
                          () -> {
                            ranOn.add(Thread.currentThread());
                            if (ranOn.size() == threads * each) {
                              loop.stop();
                            }
                          });
                    }
                  }));
    }
    loop.run(now -> false);
    for (Thread thread : posting) {
      thread.join();
    }
    assertThat(ranOn).hasSize(threads * each).containsOnly(Thread.currentThread());
  }

  @Test
  void shouldWakeWhenATaskIsPostedWhileNothingElseIsDue() throws InterruptedException {
    Mailbox mailbox = new Mailbox(loop);
    CountDownLatch oneTurn = new CountDownLatch(1);
    set(0, () -> {});
    Thread posting =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    oneTurn.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                  mailbox.post(loop::stop);
                });
    loop.run(
        now -> {
          oneTurn.countDown();
          return false;
        });
    posting.join();
    assertThat(loop.timers().size()).isZero();
  }

  @Test
  void shouldStayUsableWhenADescriptorCannotBeWatched() {
    Pollable pollable =
        new Pollable() {
          @Override
          protected void ready(int events) {}
        };
    assertThatThrownBy(() -> loop.add(pollable, -1, Const.EPOLLIN))
        .isInstanceOfSatisfying(
            SystemCallException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
    assertThat(pollable.registered()).isFalse();
    int[] pipe = Descriptor.pipe();
    Reading reading = new Reading(pipe[0], loop::stop);
    Descriptor.write(pipe[1], "x");
    loop.run(now -> false);
    assertThat(reading.read).containsExactly("x");
    Descriptor.close(pipe);
  }

  @Test
  void shouldServeAllWhenMoreAreReadyThanOneBatchTakes() {
    int[][] pipes = new int[400][];
    List<Reading> all = new ArrayList<>();
    int[] left = {pipes.length};
    for (int i = 0; i < pipes.length; i++) {
      pipes[i] = Descriptor.pipe();
      all.add(
          new Reading(
              pipes[i][0],
              () -> {
                if (--left[0] == 0) {
                  loop.stop();
                }
              }));
      Descriptor.write(pipes[i][1], "p" + i);
    }
    loop.run(now -> false);
    for (int i = 0; i < pipes.length; i++) {
      assertThat(all.get(i).read).containsExactly("p" + i);
      Descriptor.close(pipes[i]);
    }
  }

  @Test
  void shouldHandleAllThatWasReadyBeforeATimerThatWasDueMeanwhile() {
    int[][] pipes = new int[600][];
    int[] read = {0};
    List<Integer> readWhenDue = new ArrayList<>();
    for (int i = 0; i < pipes.length; i++) {
      pipes[i] = Descriptor.pipe();
      Reading unused = new Reading(pipes[i][0], () -> read[0]++);
      assertThat(unused.registered()).isTrue();
      Descriptor.write(pipes[i][1], "x");
    }
    set(
        0,
        () -> {
          readWhenDue.add(read[0]);
          loop.stop();
        });
    loop.run(now -> false);
    assertThat(readWhenDue).containsExactly(pipes.length);
    for (int[] pipe : pipes) {
      Descriptor.close(pipe);
    }
  }

  @Test
  void shouldLetTimersExpireWhenMoreIsAlwaysReadyThanOneBatchTakes() {
    int[][] pipes = new int[600][];
    for (int i = 0; i < pipes.length; i++) {
      pipes[i] = Descriptor.pipe();
      Pollable never =
          new Pollable() {
            @Override
            protected void ready(int events) {}
          };
      loop.add(never, pipes[i][0], Const.EPOLLIN);
      Descriptor.write(pipes[i][1], "x");
    }
    set(0, loop::stop);
    int[] turns = {0};
    loop.run(now -> ++turns[0] == 0);
    assertThat(turns[0]).as("turns until the timer").isLessThanOrEqualTo(600 / 256 + 1);
    for (int[] pipe : pipes) {
      Descriptor.close(pipe);
    }
  }

  /** Has the loop's thread stand still in its next turn. */
  private void standStill(long millis) {
    set(
        0,
        () -> {
          try {
            Thread.sleep(millis);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  @Test
  void shouldNotCountTheTimeInWhichItStoodStillWhenOthersAreWaitedFor() {
    long begun = loop.now();
    standStill(300);
    boolean[] over = {false};
    Deadline deadline =
        new Deadline(loop) {
          @Override
          protected void over(long now) {
            over[0] = true;
            loop.stop();
          }
        };
    deadline.begin(begun, 200_000_000);
    loop.run(now -> false);
    assertThat(over[0]).isTrue();
    long passed = loop.now() - begun;
    assertThat(passed).isGreaterThanOrEqualTo(500_000_000 - Stalls.LEAST_NANOS);
    assertThat(loop.stalls().since(begun)).isBetween(300_000_000 - Stalls.LEAST_NANOS, passed);
    assertThat(loop.turned(begun)).isEqualTo(passed - loop.stalls().since(begun));
  }

  @Test
  void shouldNotExpireADeadlineThatWasEnded() {
    Deadline deadline =
        new Deadline(loop) {
          @Override
          protected void over(long now) {
            throw new AssertionError("it was ended");
          }
        };
    deadline.begin(loop.now(), 1);
    deadline.end();
    set(1_000_000, loop::stop);
    loop.run(now -> false);
    assertThat(deadline.isSet()).isFalse();
  }

  @Test
  void shouldOutliveWhatFailsWhenItIsToldTo() {
    List<String> failures = new ArrayList<>();
    loop.outlive(e -> failures.add(e.getMessage()));
    int[] calls = new int[1];
    Timer failing =
        new Timer() {
          @Override
          protected void expired(long now) {
            calls[0]++;
            throw new IllegalStateException("timer");
          }
        };
    loop.timers().set(failing, loop.now());
    boolean[] thrown = new boolean[1];
    new Mailbox(loop)
        .post(
            () -> {
              throw new IllegalStateException("event");
            });
    loop.run(
        now -> {
          if (calls[0] == 2) {
            loop.stop();
          }
          if (calls[0] > 0 && !thrown[0]) {
            thrown[0] = true;
            throw new IllegalStateException("turn");
          }
          return false;
        });
    assertThat(failures).contains("timer", "event", "turn");
    assertThat(failures.stream().filter("timer"::equals)).as("a second later, again").hasSize(2);
  }
}
