package org.portbouncer.core.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.portbouncer.core.support.Configurations.inet;
import static org.portbouncer.core.support.Configurations.unix;

import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.hop.Session;
import org.portbouncer.core.session.Cause;
import org.portbouncer.core.session.Result;
import org.portbouncer.core.session.SessionState;
import org.portbouncer.core.session.Term;
import org.portbouncer.core.shared.SessionTable;
import org.portbouncer.core.shared.SharedArea;
import org.portbouncer.core.support.Configurations;
import org.portbouncer.core.support.Descriptor;
import org.portbouncer.core.sys.Const;
import org.portbouncer.core.sys.Errno;
import org.portbouncer.core.sys.Libc;
import org.portbouncer.core.sys.Native;
import org.portbouncer.core.sys.SockAddr;
import org.portbouncer.core.sys.SystemCallException;

class AccessLogTest {

  private static final List<String> KEYS =
      List.of(
          "ts",
          "event",
          "id",
          "listener",
          "client",
          "local",
          "target",
          "acl",
          "rule",
          "result",
          "term",
          "setup_us",
          "duration_ms",
          "up",
          "down",
          "worker",
          "peer",
          "member",
          "server",
          "attempts",
          "via");

  private static final String PAIRS =
      String.join(" ", KEYS.stream().map(key -> key + "=(\\S+|\"(?:[^\"\\\\]|\\\\.)*\")").toList());
  private static final Pattern LOGFMT = Pattern.compile(PAIRS + "( reason=\"[^\"]+\")?");

  private static final Pattern JSON =
      Pattern.compile(
          "\\{"
              + String.join(
                  ",",
                  KEYS.stream()
                      .map(
                          key ->
                              "\""
                                  + key
                                  + "\":(null|0|[1-9][0-9]*|"
                                  + "\"(?:[^\"\\\\\\x00-\\x1f]|\\\\[\"\\\\]|\\\\u[0-9a-f]{4})*\")")
                      .toList())
              + "(,\"reason\":\"[^\"]+\")?"
              + "\\}");

  private static final Endpoint WEB = inet("0.0.0.0:8080");

  private final AccessLog log = new AccessLog();
  private final SharedArea area = area();
  private final SessionTable table = area.sessions();
  private int[] pipe;

  /** Makes an area; the only place that knows how. */
  private static SharedArea area() {
    return SharedArea.create(64);
  }

  @BeforeEach
  void openPipe() {
    pipe = Descriptor.pipe();
  }

  @AfterEach
  void closePipe() {
    Descriptor.close(pipe);
  }

  private static Configuration configuration(Endpoint listen, Endpoint target) {
    return Configurations.ruled(listen, target);
  }

  private static Configuration configuration() {
    return configuration(WEB, inet("198.51.100.9:80"));
  }

  private static final long ACCEPTED = 5_000_000_000L;

  private void session(int record) {
    Session session = new Session();
    session.create(0, 0);
    SessionState state = session.state();
    state.identify(4711, record, table.generation(record));
    state.origin(1, 0, 0);
    state.accepted(ACCEPTED);
    SockAddr.put(state.memory(), state.client(), InetAddress.ofLiteral("192.0.2.33"), 50_000);
    SockAddr.put(state.memory(), state.local(), InetAddress.ofLiteral("203.0.113.5"), 8080);
    table.admit(record, state, 0, 0);
    table.local(record, state);
  }

  private void write(Configuration configuration, Result result, Term term, long now) {
    log.write("end", table, 0, configuration, result, term, now, 99);
  }

  private String flushed() {
    assertThat(log.flush()).isFalse();
    return Descriptor.read(pipe[0]);
  }

  @Test
  void shouldWriteTheKeysInTheContractsOrderWhenLogfmt() {
    log.to(pipe[1], LogForm.PLAIN);
    session(0);
    table.rule(0, 0);
    table.setUp(0, ACCEPTED + 712_345);
    table.moved(0, 78, 1234, ACCEPTED + 10);
    write(configuration(), Result.OK, Term.NORMAL, ACCEPTED + 3_999_999);
    String line = flushed();
    assertThat(line).endsWith("\n");
    Matcher fields = LOGFMT.matcher(line.strip());
    assertThat(fields.matches()).as(line).isTrue();
    assertThat(fields.group(1)).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
    assertThat(line.substring(line.indexOf(' ') + 1))
        .isEqualTo(
            "event=end id=4711 listener=web client=192.0.2.33:50000 local=203.0.113.5:8080"
                + " target=198.51.100.9:80 acl=office rule=staff result=ok term=-- setup_us=712"
                + " duration_ms=3 up=78 down=1234 worker=99"
                + " peer=- member=- server=198.51.100.9:80 attempts=1 via=-\n");
  }

  @Test
  void shouldWriteADashWhenNothingIsKnown() {
    log.to(pipe[1], LogForm.PLAIN);
    session(0);
    write(configuration(), Result.BLOCKED, Term.BLOCKED, ACCEPTED);
    assertThat(flushed())
        .contains(" acl=office rule=- result=blocked term=PC setup_us=- duration_ms=0 up=0 down=0");
    log.write("connect", table, 0, null, null, null, ACCEPTED - 1_000_000_000, 99);
    assertThat(flushed())
        .contains("event=connect id=4711 listener=- client=192.0.2.33:50000")
        .contains(" target=- acl=- rule=- result=- term=- setup_us=- duration_ms=0 ");
  }

  @Test
  void shouldQuoteWhenAValueHoldsMoreThanAWord() {
    log.to(pipe[1], LogForm.PLAIN);
    session(0);
    Configuration odd = configuration(WEB, unix("/run/a b\\c=\"é.sock"));
    write(odd, Result.OK, Term.NORMAL, ACCEPTED);
    String line = flushed();
    assertThat(LOGFMT.matcher(line.strip()).matches()).as(line).isTrue();
    assertThat(line).contains(" target=\"unix:/run/a b\\\\c=\\\"é.sock\" acl=");
  }

  @Test
  void shouldWriteParseableJsonWithTheSameKeysWhenAsked() {
    log.to(pipe[1], new LogForm(true, false));
    session(0);
    table.rule(0, 1);
    Configuration odd = configuration(WEB, unix("/run/a\tb\\c\"é.sock"));
    write(odd, Result.NO_TARGET, Term.TARGET_REFUSED, ACCEPTED + 1_000_000);
    String line = flushed();
    Matcher fields = JSON.matcher(line.strip());
    assertThat(fields.matches()).as(line).isTrue();
    assertThat(fields.group(KEYS.indexOf("target") + 1))
        .isEqualTo("\"unix:/run/a\\u0009b\\\\c\\\"é.sock\"");
    assertThat(fields.group(KEYS.indexOf("rule") + 1)).isEqualTo("\"#2\"");
    assertThat(fields.group(KEYS.indexOf("setup_us") + 1)).isEqualTo("null");
    assertThat(fields.group(KEYS.indexOf("id") + 1)).isEqualTo("4711");
    assertThat(fields.group(KEYS.indexOf("result") + 1)).isEqualTo("\"no-target\"");
    assertThat(line).endsWith(",\"reason\":\"the target cannot be reached\"}\n");
  }

  @Test
  void shouldSayWhyWhereASessionDidNotEndWellAndNowhereElse() {
    log.to(pipe[1], LogForm.PLAIN);
    session(0);
    table.outcome().because(0, Cause.CONNECT, Errno.ECONNREFUSED);
    write(configuration(), Result.NO_TARGET, Term.TARGET_REFUSED, ACCEPTED);
    assertThat(flushed()).endsWith(" attempts=- via=- reason=\"connection refused\"\n");
    write(configuration(), Result.OK, Term.NORMAL, ACCEPTED);
    assertThat(flushed()).endsWith(" via=-\n");
  }

  @Test
  void shouldNameTheConfiguredAddressWhenTheListenerIsAUnixSocket() {
    log.to(pipe[1], LogForm.PLAIN);
    session(0);
    write(
        configuration(unix("/run/in.sock"), inet("198.51.100.9:80")),
        Result.OK,
        Term.NORMAL,
        ACCEPTED);
    assertThat(flushed()).contains(" local=unix:/run/in.sock ");
  }

  @Test
  void shouldWriteNothingWhenThereIsNoLog() {
    session(0);
    write(configuration(), Result.OK, Term.NORMAL, ACCEPTED);
    assertThat(log.flush()).isFalse();
    assertThat(log.takeLost()).isZero();
  }

  @Test
  void shouldLoseWholeLinesAndCountThemWhenTheReaderDoesNotRead() {
    log.to(pipe[1], LogForm.PLAIN);
    session(0);
    Configuration configuration = configuration();
    int written = 30_000;
    boolean left = false;
    for (int i = 0; i < written; i++) {
      write(configuration, Result.OK, Term.NORMAL, ACCEPTED);
      if (i % 10 == 0) {
        left = log.flush();
      }
    }
    assertThat(left).as("something is kept for later").isTrue();
    long lost = log.takeLost();
    assertThat(lost).isPositive();
    assertThat(log.takeLost()).as("told once").isZero();
    StringBuilder all = new StringBuilder();
    do {
      all.append(Descriptor.read(pipe[0]));
      left = log.flush();
    } while (left);
    all.append(Descriptor.read(pipe[0]));
    assertThat(all).endsWith("\n");
    List<String> lines = all.toString().lines().toList();
    assertThat(lines).hasSize((int) (written - lost));
    assertThat(lines).allMatch(line -> LOGFMT.matcher(line).matches());
  }

  @Test
  void shouldGoOnWhenTheReaderHasGone() {
    int[] other = Descriptor.pipe();
    Descriptor.close(other[0]);
    log.to(other[1], LogForm.PLAIN);
    session(0);
    for (int i = 0; i < 100; i++) {
      write(configuration(), Result.OK, Term.NORMAL, ACCEPTED);
    }
    assertThat(log.flush()).isFalse();
    assertThat(log.takeLost()).isEqualTo(100);
    log.to(pipe[1], LogForm.PLAIN);
    write(configuration(), Result.OK, Term.NORMAL, ACCEPTED);
    assertThat(flushed()).startsWith("ts=").endsWith(" via=-\n");
    Descriptor.close(other[1]);
  }

  private static final Pattern SYSLOG =
      Pattern.compile("<(\\d+)>([A-Z][a-z]{2} [ 1-3]\\d \\d\\d:\\d\\d:\\d\\d) bouncer\\[99]: (.*)");

  private static Matcher datagram(int fd) {
    String datagram = Descriptor.read(fd);
    Matcher parts = SYSLOG.matcher(datagram);
    assertThat(parts.matches()).as(datagram).isTrue();
    return parts;
  }

  @Test
  void shouldSendADatagramForEachLineWithTheHeadThatDaemonsWantWhenSyslog() {
    int[] sockets = Descriptor.pair(Const.SOCK_DGRAM);
    log.to(sockets[1], new LogForm(false, true));
    session(0);
    write(configuration(), Result.OK, Term.NORMAL, ACCEPTED);
    write(configuration(), Result.NO_TARGET, Term.TARGET_REFUSED, ACCEPTED);
    write(configuration(), Result.ERROR, Term.INTERNAL_SETUP, ACCEPTED);
    assertThat(log.flush()).isFalse();
    List<String> priorities = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Matcher parts = datagram(sockets[0]);
      priorities.add(parts.group(1));
      assertThat(LOGFMT.matcher(parts.group(3)).matches()).as(parts.group(3)).isTrue();
    }
    assertThat(priorities).as("daemon.info, warning, err").containsExactly("30", "28", "27");
    assertThat(Descriptor.read(sockets[0])).isEmpty();
    Descriptor.close(sockets);
  }

  @Test
  void shouldKeepLinesAndSayWhyWhenTheDaemonHasGoneAndCountThemInTheEnd() {
    int[] sockets = Descriptor.pair(Const.SOCK_DGRAM);
    Descriptor.close(sockets[0]);
    log.to(sockets[1], new LogForm(true, true));
    session(0);
    write(configuration(), Result.OK, Term.NORMAL, ACCEPTED);
    assertThat(log.flush()).as("something is kept").isTrue();
    assertThat(log.trouble()).isIn(Errno.ECONNREFUSED, Errno.ENOTCONN, Errno.EPIPE);
    assertThat(log.takeLost()).isZero();
    int[] next = Descriptor.pair(Const.SOCK_DGRAM);
    log.to(next[1], new LogForm(true, true));
    assertThat(log.flush()).isFalse();
    assertThat(log.trouble()).isZero();
    assertThat(datagram(next[0]).group(3)).startsWith("{").endsWith("}");
    Descriptor.close(next[0]);
    write(configuration(), Result.OK, Term.NORMAL, ACCEPTED);
    log.flush();
    log.to(pipe[1], LogForm.PLAIN);
    assertThat(log.takeLost()).as("it has another form").isOne();
    assertThat(log.flush()).isFalse();
    Descriptor.close(sockets[1], next[1]);
  }

  @Test
  void shouldWriteTimesAsSyslogDoes() {
    assertThat(SyslogHead.time(LocalDateTime.of(2026, 11, 21, 8, 5, 9)))
        .isEqualTo("Nov 21 08:05:09");
    assertThat(SyslogHead.time(LocalDateTime.of(2027, 2, 3, 23, 59, 0)))
        .isEqualTo("Feb  3 23:59:00");
  }

  @Test
  void shouldKeepLinesWhenTheDiskIsFullForAWhile() {
    int full = SystemCallException.check("open", open("/dev/full"));
    log.to(full, LogForm.PLAIN);
    session(0);
    write(configuration(), Result.OK, Term.NORMAL, ACCEPTED);
    assertThat(log.flush()).isTrue();
    assertThat(log.trouble()).isEqualTo(Errno.ENOSPC);
    assertThat(log.takeLost()).isZero();
    log.to(pipe[1], LogForm.PLAIN);
    assertThat(flushed()).startsWith("ts=").endsWith(" via=-\n");
    assertThat(log.trouble()).isZero();
    Descriptor.close(full);
  }

  private static int open(String path) {
    try (Arena arena = Arena.ofConfined()) {
      return Libc.open(Native.string(arena, path), Const.O_WRONLY | Const.O_CLOEXEC, 0);
    }
  }
}
