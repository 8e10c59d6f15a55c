package org.portbouncer.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.shared.RecordAllocator;
import org.portbouncer.core.shared.SessionFlow;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.shared.Way;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;

/** What a direction makes of the error numbers that calls give. */
class DirectionTest {

  private static final int EISDIR = 21;

  private final EventLoop loop = new EventLoop();
  private final Side from = new Side(loop, side -> {});
  private final Side to = new Side(loop, side -> {});
  private final PipePool pipes = new PipePool(Pipe::fromKernel, 1, loop::now, (what, errno) -> {});
  private final Direction direction =
      new Direction(loop, new TransferBuffers(pipes), new FlowNotes(null, 0));
  private Peer source;
  private Peer sink;
  private int folder;
  private int readOnly;

  @BeforeEach
  void open() throws Exception {
    source = Peer.connect(Peer.Kind.TCP, 1);
    sink = Peer.connect(Peer.Kind.TCP, 2);
    folder = opened("/");
    readOnly = opened("/dev/null");
  }

  private static int opened(String path) {
    try (Arena arena = Arena.ofConfined()) {
      return Libc.open(arena.allocateFrom(path).address(), Const.O_RDONLY | Const.O_CLOEXEC, 0);
    }
  }

  @AfterEach
  void close() {
    direction.release();
    pipes.trim();
    source.close();
    sink.close();
    Libc.close(source.inner());
    Libc.close(sink.inner());
    Libc.close(folder);
    Libc.close(readOnly);
  }

  private void open(int fromFd, int toFd) {
    from.openUnwatched(fromFd, true);
    to.openUnwatched(toFd, false);
    direction.open(-1, from, to, null, 0);
  }

  @Test
  void shouldBlameNoPeerWhenAReadFailsHere() {
    open(folder, sink.inner());
    assertThat(direction.pump()).isFalse();
    assertThat(direction.failure()).isEqualTo(EISDIR);
    assertThat(from.wasReset()).isFalse();
    assertThat(to.wasReset()).isFalse();
    assertThat(direction.closed()).isTrue();
  }

  @Test
  void shouldBlameNoPeerWhenAWriteFailsHere() {
    source.stuff(source, 0);
    open(source.inner(), readOnly);
    direction.pump();
    assertThat(direction.failure()).isEqualTo(Errno.EBADF);
    assertThat(from.wasReset()).isFalse();
    assertThat(to.wasReset()).isFalse();
    assertThat(direction.hasPending()).isFalse();
  }

  @Test
  void shouldForgetAFailureWhenUsedAgain() {
    open(folder, sink.inner());
    direction.pump();
    source.stuff(source, 0);
    open(source.inner(), sink.inner());
    assertThat(direction.pump()).isTrue();
    assertThat(direction.failure()).isZero();
  }

  // What goes before all else.

  private void lead(String header) {
    try (Arena arena = Arena.ofConfined()) {
      direction.lead(arena.allocateFrom(header), 0, header.length());
    }
    direction.pump();
  }

  private static String read(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment to = arena.allocate(64 * 1024);
      long read = Libc.recv(fd, to.address(), to.byteSize(), Const.MSG_DONTWAIT);
      return read < 0 ? "errno " + -read : new String(bytes(to, read), StandardCharsets.US_ASCII);
    }
  }

  private static byte[] bytes(MemorySegment from, long length) {
    return from.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
  }

  private static void write(int fd, String text) {
    try (Arena arena = Arena.ofConfined()) {
      assertThat(Libc.write(fd, arena.allocateFrom(text).address(), text.length()))
          .isEqualTo(text.length());
    }
  }

  @Test
  void shouldSendWhatLeadsWithWhatTheSourceHasSaid() {
    write(source.fd(), "hello");
    open(source.inner(), sink.inner());
    lead("PROXY ");
    assertThat(read(sink.fd())).isEqualTo("PROXY hello");
    assertThat(direction.bytes()).as("the source's").isEqualTo("hello".length());
    write(source.fd(), " again");
    from.ready(Const.EPOLLIN);
    direction.pump();
    assertThat(read(sink.fd())).isEqualTo(" again");
    assertThat(direction.bytes()).isEqualTo("hello again".length());
  }

  @Test
  void shouldSendWhatLeadsWhenTheSourceIsSilent() {
    open(source.inner(), sink.inner());
    lead("PROXY ");
    assertThat(read(sink.fd())).isEqualTo("PROXY ");
    assertThat(direction.bytes()).isZero();
    assertThat(direction.hasPending()).isFalse();
  }

  @Test
  void shouldSendWhatLeadsWhenTheSourceHasEnded() {
    source.end();
    open(source.inner(), sink.inner());
    lead("PROXY ");
    assertThat(read(sink.fd())).isEqualTo("PROXY ");
    direction.pump();
    assertThat(direction.closed()).isTrue();
    assertThat(read(sink.fd())).as("end of stream").isEmpty();
    assertThat(direction.bytes()).isZero();
  }

  /** Otherwise another worker would go on without what was to go before all else. */
  @ParameterizedTest
  @ValueSource(strings = {"said", "silent", "ended"})
  void shouldSayThatWhatLeadsIsInHandUntilItIsWritten(String source) {
    SharedArea area = SharedArea.create(64);
    SessionFlow flow = area.sessions().flow();
    int record = new RecordAllocator(area.sessions(), 1).allocate();
    PipePool none = new PipePool(Pipe::fromKernel, 1, loop::now, (what, errno) -> {});
    Direction noted = new Direction(loop, new TransferBuffers(none), new FlowNotes(flow, Way.UP));
    if (source.equals("said")) {
      write(this.source.fd(), "hello");
    } else if (source.equals("ended")) {
      this.source.end();
    }
    from.openUnwatched(this.source.inner(), true);
    to.openUnwatched(sink.inner(), false);
    noted.open(record, from, to, null, 0);
    try (Arena arena = Arena.ofConfined()) {
      noted.lead(arena.allocateFrom("PROXY "), 0, "PROXY ".length());
    }
    assertThat(flow.place(record, Way.UP)).isEqualTo(SessionFlow.Place.IN_HAND);
    noted.pump();
    assertThat(flow.place(record, Way.UP)).isEqualTo(SessionFlow.Place.SETTLED);
    assertThat(flow.bytes(record, Way.UP)).isEqualTo(source.equals("said") ? 5 : 0);
    noted.release();
    Libc.close(area.fd());
  }

  @Test
  void shouldNotSendAgainWhatLedWhenUsedAgain() {
    open(folder, sink.inner());
    lead("PROXY ");
    assertThat(direction.failure()).isEqualTo(EISDIR);
    write(source.fd(), "next");
    open(source.inner(), sink.inner());
    direction.pump();
    assertThat(read(sink.fd())).isEqualTo("next");
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        Errno.ECONNRESET,
        Errno.EPIPE,
        Errno.ETIMEDOUT,
        Errno.ECONNABORTED,
        Errno.EHOSTUNREACH,
        Errno.ENETUNREACH,
        Errno.ENETDOWN,
        Errno.EHOSTDOWN,
        Errno.ENETRESET
      })
  void shouldTakeForAPeersEndWhatTheKernelSaysOfThePeer(int errno) {
    assertThat(Errno.meansPeerGone(errno)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        Errno.EPERM,
        Errno.ENOSYS,
        Errno.EINVAL,
        Errno.EBADF,
        Errno.EIO,
        Errno.ENOMEM,
        Errno.ENOBUFS,
        Errno.EMFILE,
        9999
      })
  void shouldTakeForNoPeersEndWhatIsSaidOfThisProcess(int errno) {
    assertThat(Errno.meansPeerGone(errno)).isFalse();
  }
}
