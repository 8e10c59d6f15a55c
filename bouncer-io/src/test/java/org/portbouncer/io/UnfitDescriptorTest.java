package org.portbouncer.io;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.portbouncer.core.config.Timeouts;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.session.Descriptors;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.BucketTable;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;

/** Flows that are given what is no connection, as a stage that was taken over might send it. */
class UnfitDescriptorTest {

  /** A flow's surroundings that only note how it ends. */
  private static final class Ends implements FlowOwner {
    @Override
    public org.portbouncer.core.shared.SessionFlow flows() {
      return null;
    }

    private final EventLoop loop = new EventLoop();
    private final TransferBuffers buffers =
        new TransferBuffers(new PipePool(Pipe::fromKernel, 8, loop::now, (what, errno) -> {}));
    private Result result;

    @Override
    public EventLoop loop() {
      return loop;
    }

    @Override
    public TransferBuffers buffers() {
      return buffers;
    }

    @Override
    public BucketTable buckets() {
      throw new AssertionError("no flow here has a class");
    }

    @Override
    public void moved(Session session, long up, long down, long now) {}

    @Override
    public void continueNextTurn(Forwarding flow) {}

    @Override
    public void failed(Session session, int errno) {}

    @Override
    public void ended(Flow flow, Session session, Result how, Term term) {
      result = how;
      session.clear();
    }

    void turn() {
      loop.timers()
          .set(
              new org.portbouncer.core.loop.Timer() {
                @Override
                protected void expired(long now) {
                  loop.stop();
                }
              },
              0);
      loop.run(now -> false);
    }
  }

  private static int pair(int type, int index) {
    MemorySegment pair = Native.allocate(8);
    int made = Libc.socketpair(Const.AF_UNIX, type | Const.SOCK_CLOEXEC, 0, pair.address());
    assertThat(made).isZero();
    Libc.close(pair.get(JAVA_INT, 4L * (1 - index)));
    return pair.get(JAVA_INT, 4L * index);
  }

  private static int open(String path, int flags) {
    return Libc.open(Native.string(Arena.ofAuto(), path), flags | Const.O_CLOEXEC, 0);
  }

  private static Arguments refused(String what, int errno, IntSupplier make) {
    return Arguments.of(what, errno, make);
  }

  static Stream<Arguments> unfit() {
    return Stream.of(
        refused("nothing", Errno.EBADF, () -> -1),
        refused(
            "a file in memory",
            Errno.EINVAL,
            () -> Libc.memfdCreate(Native.string(Arena.ofAuto(), "x"), Const.MFD_CLOEXEC)),
        refused(
            "a file that does not wait",
            Errno.EPERM,
            () -> open("/proc/self/stat", Const.O_NONBLOCK)),
        refused("a folder", Errno.EPERM, () -> open("/", Const.O_NONBLOCK)),
        refused("a socket that waits", Errno.EINVAL, () -> pair(Const.SOCK_STREAM, 0)),
        refused("an epoll", Errno.EINVAL, () -> Libc.epollCreate1(Const.EPOLL_CLOEXEC)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unfit")
  void shouldRefuseWhatCannotBeForwardedWithOnEitherSide(String what, int errno, IntSupplier make) {
    for (int role : new int[] {Descriptors.CLIENT, Descriptors.TARGET}) {
      Ends ends = new Ends();
      Session session = new Session();
      int other = role == Descriptors.CLIENT ? Descriptors.TARGET : Descriptors.CLIENT;
      session.descriptors().put(role, make.getAsInt());
      session.descriptors().put(other, pair(Const.SOCK_STREAM | Const.SOCK_NONBLOCK, 0));
      Flow flow = new Flow(ends);
      assertThat(flow.begin(session, new StreamGreeting(), new Timeouts(0, 0, 0, 0), -1, 0, 0))
          .as(what)
          .isEqualTo(errno);
      flow.end(Result.ERROR, Term.INTERNAL_SETUP);
      assertThat(ends.result).isEqualTo(Result.ERROR);
      ends.turn();
    }
  }

  static Stream<Arguments> odd() {
    int none = Const.SOCK_NONBLOCK | Const.SOCK_CLOEXEC;
    return Stream.of(
        refused("a datagram pair", 0, () -> pair(Const.SOCK_DGRAM | Const.SOCK_NONBLOCK, 0)),
        refused(
            "an unconnected connection",
            0,
            () -> Libc.socket(Const.AF_INET, Const.SOCK_STREAM | none, 0)),
        refused("UDP", 0, () -> Libc.socket(Const.AF_INET, Const.SOCK_DGRAM | none, 0)),
        refused("netlink", 0, () -> Libc.socket(16, Const.SOCK_DGRAM | none, 0)),
        refused("a counter", 0, () -> Libc.eventfd(0, Const.EFD_NONBLOCK | Const.EFD_CLOEXEC)));
  }

  /** What can be watched and never waits may be forwarded with: it holds nobody up. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("odd")
  void shouldSurviveWhatIsNoConnectionOnEitherSide(String what, int errno, IntSupplier make) {
    for (int role : new int[] {Descriptors.CLIENT, Descriptors.TARGET}) {
      Ends ends = new Ends();
      Session session = new Session();
      int[] made = {make.getAsInt(), pair(Const.SOCK_STREAM | Const.SOCK_NONBLOCK, 0)};
      assertThat(made).as(what).doesNotContain(-1);
      session.descriptors().put(role, made[0]);
      session.descriptors().put(1 - role, made[1]);
      Flow flow = new Flow(ends);
      assertThat(flow.begin(session, new StreamGreeting(), new Timeouts(0, 0, 0, 0), -1, 0, 0))
          .as(what)
          .isEqualTo(errno);
      ends.turn();
      if (flow.session() != null) {
        flow.pump();
      }
      if (flow.session() != null) {
        flow.end(Result.KILLED, Term.KILLED_DATA);
      }
      assertThat(ends.result).isNotNull();
      assertThat(Arrays.stream(made).map(fd -> Libc.fcntl(fd, Const.F_GETFD, 0)))
          .as("closed with the session")
          .allMatch(result -> result == -Errno.EBADF);
    }
  }

  /** The same connection in both places talks to itself, and to nobody else. */
  @Test
  void shouldSurviveTheSameConnectionTwice() {
    Ends ends = new Ends();
    Session session = new Session();
    int fd = pair(Const.SOCK_STREAM | Const.SOCK_NONBLOCK, 0);
    session.descriptors().put(Descriptors.CLIENT, fd);
    session.descriptors().put(Descriptors.TARGET, Libc.fcntl(fd, Const.F_DUPFD_CLOEXEC, 0));
    Flow flow = new Flow(ends);
    assertThat(flow.begin(session, new StreamGreeting(), new Timeouts(0, 0, 0, 0), -1, 0, 0))
        .isZero();
    ends.turn();
    if (flow.session() != null) {
      flow.end(Result.KILLED, Term.KILLED_DATA);
    }
    assertThat(ends.result).isNotNull();
  }
}
