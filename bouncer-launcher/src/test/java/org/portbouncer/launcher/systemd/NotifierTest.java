package org.portbouncer.launcher.systemd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.core.hop.MessageHeader;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;

/** The test has the manager's end of the socket. */
class NotifierTest {
  private static final long PID = 4711;

  @TempDir Path folder;
  private final MemorySegment buffer = Native.allocate(4096);
  private final MessageHeader header = new MessageHeader(1);
  private String path;
  private int manager;

  @BeforeEach
  void listen() {
    path = folder.resolve("notify").toString();
    open();
  }

  private void open() {
    MemorySegment address = Native.allocate(SockAddr.ROOM);
    manager = Libc.socket(Const.AF_UNIX, Const.SOCK_DGRAM | Const.SOCK_CLOEXEC, 0);
    int length = SockAddr.putUnix(address, 0, path);
    assertThat(Libc.bind(manager, address.address(), length)).isZero();
  }

  @AfterEach
  void close() {
    Libc.close(manager);
  }

  private Notifier notifier(String... more) {
    Map<String, String> environment = new java.util.HashMap<>(Map.of("NOTIFY_SOCKET", path));
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return new Notifier(environment, PID);
  }

  private String received() {
    header.reset();
    header.addVector(buffer.address(), buffer.byteSize());
    long length = header.receive(manager);
    return length < 0
        ? ""
        : new String(buffer.asSlice(0, length).toArray(JAVA_BYTE), StandardCharsets.UTF_8);
  }

  @Test
  void shouldSaySoWhenItIsReady() {
    notifier().ready(PID, "two\nlines");
    assertThat(received()).isEqualTo("READY=1\nMAINPID=4711\nSTATUS=two lines");
  }

  @Test
  void shouldPassTheDescriptorThatIsToBeKept() {
    int fd = Native.sharedFile("kept", 1);
    notifier().keep(PassedSockets.keptName("0:0:0:0:0:0:0:1 80"), fd);
    assertThat(received()).isEqualTo("FDSTORE=1\nFDNAME=kept 0;0;0;0;0;0;0;1 80");
    assertThat(header.descriptorCount()).isEqualTo(1);
    header.closeDescriptors(0);
    Libc.close(fd);
  }

  @Test
  void shouldFindTheManagerAgainWhenItWasStartedAnew() throws Exception {
    Notifier notifier = notifier();
    Libc.close(manager);
    notifier.alive();
    java.nio.file.Files.delete(Path.of(path));
    open();
    notifier.status("here");
    assertThat(received()).isEqualTo("STATUS=here");
  }

  @Test
  void shouldKeepWhatABusyManagerDoesNotTake() {
    Notifier notifier = notifier();
    for (int i = 0; i < 1_000; i++) {
      notifier.alive();
    }
    notifier.stopping("last", 0);
    int count = 0;
    while (!received().isEmpty()) {
      count++;
      notifier.flush();
    }
    assertThat(count).as("its queue, and what waited here").isBetween(60, 1_001);
  }

  @Test
  void shouldHeedAWatchdogThatIsMeantForItAlone() {
    assertThat(notifier("WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "4711").watchdogNanos())
        .isEqualTo(30_000_000_000L);
    assertThat(notifier("WATCHDOG_USEC", "30000000").watchdogNanos()).isEqualTo(30_000_000_000L);
    assertThat(notifier("WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "1").watchdogNanos()).isZero();
    assertThat(notifier("WATCHDOG_USEC", "soon").watchdogNanos()).isZero();
  }

  @Test
  void shouldDoNothingWithoutAManager() {
    Notifier notifier = new Notifier(Map.of("WATCHDOG_USEC", "1000"), PID);
    notifier.ready(PID, "nobody hears it");
    assertThat(notifier.active()).isFalse();
    assertThat(notifier.watchdogNanos()).isZero();
  }

  @Test
  void shouldTakeNoDescriptorsThatAreMeantForAnother() {
    assertThat(PassedSockets.take(Map.of("LISTEN_PID", "1", "LISTEN_FDS", "3"), PID)).isEmpty();
    assertThat(PassedSockets.take(Map.of("LISTEN_FDS", "3"), PID)).isEmpty();
  }
}
