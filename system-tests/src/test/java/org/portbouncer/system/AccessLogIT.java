package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Where access log lines go, and what becomes of them when they cannot go there. */
@Isolated
class AccessLogIT {
  private static final int ECHO = Ports.free();
  private static final int SHUT = Ports.free();
  private static final int METRICS = Ports.free();
  private static final int AT_ONCE = 32;

  /** More lines, of about 700 bytes each, than a process keeps. */
  private static final int TOO_MANY = 10_000;

  private static final Pattern SYSLOG =
      Pattern.compile(
          "<(\\d+)>([A-Z][a-z]{2} [ 123]\\d \\d\\d:\\d\\d:\\d\\d) bouncer\\[(\\d+)]: (.*)");

  private static final Pattern LEFT_OUT =
      Pattern.compile("\nbouncer_log_lines_lost_total ([0-9.E]+)");

  @TempDir private static Path folder;

  private static Target target;
  private static BouncerServer server;

  private static String config(String log) {
    String longName = "x".repeat(58);
    return """
    listeners {
      echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = all }
      shut%s { listen = "127.0.0.1:%d", target = "127.0.0.1:9", acl = none%s }
    }
    acls {
      all = [ { name = all, action = pass } ]
      none%s = [ { name = nobody%s, action = block } ]
    }
    workers { io = 1 }
    metrics { listen = "127.0.0.1:%d" }
    log { %s }
    """
        .formatted(ECHO, target.port(), longName, SHUT, longName, longName, longName, METRICS, log);
  }

  private static String syslog(Path socket, String format) {
    return "access { to = syslog, syslog = \"%s\", format = %s }".formatted(socket, format);
  }

  @BeforeAll
  static void start() throws Exception {
    target = Target.start(Handler.echo());
    server = BouncerServer.start(folder, config("access { to = stdout }"));
    WarmUp.sessions(ECHO);
    // What is made once is made before descriptors are counted.
    server.reloaded(config("access { to = stdout }"));
    leftOutMetric();
    server.rememberDescriptors();
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(server, target);
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    server.reloaded(config("access { to = stdout }"));
    server.assertNothingLeaked();
  }

  /** An echo session from its begin to its end; returns the client's address. */
  private static String session() throws IOException {
    try (Client client = Client.to(ECHO)) {
      client.echo("hello");
      client.finish();
      client.receiveAll();
      return client.address();
    }
  }

  private static List<String> sessions(int count) throws IOException {
    List<String> clients = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      clients.add(session());
    }
    return clients;
  }

  private static void blockedClients(int count) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        all.add(
            threads.submit(
                () -> {
                  try (Client client = Client.to(SHUT)) {
                    return client.receiveAll();
                  }
                }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    }
  }

  private static JsonNode accessLog() throws IOException {
    return server.status().path("access_log");
  }

  private static long leftOut() throws IOException {
    return accessLog().path("lines_left_out").asLong(-1);
  }

  /** Over a connection that is closed at once: an open one would be a descriptor too many. */
  private static long leftOutMetric() throws IOException {
    try (Client client = Client.to(METRICS)) {
      client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      String page = new String(client.in().readAllBytes(), StandardCharsets.UTF_8);
      Matcher line = LEFT_OUT.matcher(page);
      assertThat(line.find()).as(page).isTrue();
      return (long) Double.parseDouble(line.group(1));
    }
  }

  private static Optional<AccessLine> line(String message) {
    Matcher parts = SYSLOG.matcher(message);
    assertThat(parts.matches()).as(message).isTrue();
    return AccessLine.parse(parts.group(4));
  }

  private static List<String> clients(DatagramInbox daemon) {
    return daemon.messages().stream()
        .flatMap(message -> line(message).stream())
        .map(AccessLine::client)
        .toList();
  }

  private static List<String> clients(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .map(line -> AccessLine.parse(line).orElseThrow(() -> new AssertionError(line)).client())
        .toList();
  }

  private static void awaitLog(String text) {
    await("in the server's log: " + text)
        .atMost(Patience.seconds(15))
        .untilAsserted(() -> assertThat(server.err().text()).contains(text));
  }

  @Test
  void shouldSendEachLineToTheSyslogDaemonAsTheyWantIt() throws Exception {
    Path socket = folder.resolve("log1");
    try (DatagramInbox daemon = new DatagramInbox(socket.toString())) {
      server.reloaded(config(syslog(socket, "logfmt")));
      String client = session();
      await().untilAsserted(() -> assertThat(clients(daemon)).containsExactly(client));
      String message = daemon.messages().getFirst();
      Matcher parts = SYSLOG.matcher(message);
      assertThat(parts.matches()).isTrue();
      assertThat(parts.group(1)).as("daemon.info").isEqualTo("30");
      assertThat(parts.group(3)).isEqualTo(server.workers("io").getFirst().toString());
      AccessLine line = line(message).orElseThrow();
      assertThat(line.fields().keySet()).containsExactlyElementsOf(AccessLine.KEYS);
      assertThat(line.result()).isEqualTo("ok");

      server.reloaded(config(syslog(socket, "json")));
      String other = session();
      await().untilAsserted(() -> assertThat(clients(daemon)).containsExactly(client, other));
      assertThat(daemon.messages().getLast()).contains("]: {\"ts\":").endsWith("}");
      assertThat(accessLog().path("to").asText()).isEqualTo("syslog");
    }
  }

  @Test
  void shouldServeAndCountWhatItLeavesOutWhenTheSyslogDaemonDoesNotRead() throws Exception {
    Path socket = folder.resolve("log2");
    try (DatagramInbox daemon = new DatagramInbox(socket.toString())) {
      server.reloaded(config(syslog(socket, "json")));
      long before = leftOut();
      long metric = leftOutMetric();
      daemon.hold();
      blockedClients(TOO_MANY);
      String through = session();
      server.awaitNoSession();
      long lost = leftOut() - before;
      assertThat(lost).as("lines left out").isBetween(1L, TOO_MANY - 1L);
      assertThat(leftOutMetric() - metric).isEqualTo(lost);
      awaitLog("access log lines left out: ");
      assertThat(server.command("status").outText()).contains("access log lines left out: ");
      daemon.release();
      await("what was kept arrives, once the daemon reads")
          .atMost(Patience.seconds(15))
          .untilAsserted(() -> assertThat(daemon.messages()).hasSize((int) (TOO_MANY + 1 - lost)));
      assertThat(clients(daemon)).contains(through).doesNotHaveDuplicates();
      assertThat(leftOut() - before).isEqualTo(lost);
    }
  }

  @Test
  void shouldGoOnWithTheSameLinesWhenTheSyslogDaemonIsStartedAnew() throws Exception {
    Path socket = folder.resolve("log3");
    long before = leftOut();
    List<String> first;
    try (DatagramInbox daemon = new DatagramInbox(socket.toString())) {
      server.reloaded(config(syslog(socket, "logfmt")));
      first = sessions(3);
      await().untilAsserted(() -> assertThat(clients(daemon)).isEqualTo(first));
    }
    List<String> meanwhile = sessions(3);
    awaitLog("the access log cannot be written: " + socket);
    assertThat(accessLog().path("trouble").asText()).contains("connect");
    Files.delete(socket);
    try (DatagramInbox daemon = new DatagramInbox(socket.toString())) {
      await("the lines of the time in between")
          .atMost(Patience.seconds(15))
          .untilAsserted(() -> assertThat(clients(daemon)).isEqualTo(meanwhile));
      String client = session();
      await().untilAsserted(() -> assertThat(clients(daemon)).endsWith(client));
      awaitLog("the access log is written again");
    }
    assertThat(leftOut()).isEqualTo(before);
  }

  @Test
  void shouldServeWithoutASyslogDaemonAndFindOneThatComes() throws Exception {
    Path socket = folder.resolve("log4");
    server.reloaded(config(syslog(socket, "logfmt")));
    awaitLog("no syslog daemon at " + socket + ": no such file or directory");
    List<String> clients = sessions(2);
    try (DatagramInbox daemon = new DatagramInbox(socket.toString())) {
      await()
          .atMost(Patience.seconds(15))
          .untilAsserted(() -> assertThat(clients(daemon)).isEqualTo(clients));
    }
  }

  @Test
  void shouldServeAndWriteOnWhenTheDiskIsFullForAWhile() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    Path file = disk.resolve("access.log");
    try (var _ = Tmpfs.mount(disk, "size=64k")) {
      server.reloaded(config("access { to = \"file:" + file + "\" }"));
      List<String> clients = new ArrayList<>(sessions(2));
      await().untilAsserted(() -> assertThat(clients(file)).isEqualTo(clients));
      long before = leftOut();
      Path filler = disk.resolve("filler");
      fill(filler);
      // More than the rest of the page that the file has already.
      clients.addAll(sessions(30));
      awaitLog("the access log cannot be written: " + file + ": no space left on device");
      assertThat(accessLog().path("trouble").asText()).contains("no space left on device");
      Files.delete(filler);
      await("all lines, in order")
          .atMost(Patience.seconds(15))
          .untilAsserted(() -> assertThat(clients(file)).isEqualTo(clients));
      assertThat(leftOut()).isEqualTo(before);
      awaitLog("the access log is written again");
      await().untilAsserted(() -> assertThat(accessLog().path("trouble").isNull()).isTrue());
      server.reloaded(config("access { to = stdout }"));
    }
  }

  private static void fill(Path file) throws IOException {
    byte[] page = new byte[4096];
    while (true) {
      try {
        Files.write(file, page, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException full) {
        return;
      }
    }
  }

  @Test
  void shouldBeginANewFileOnTheSignalEvenWhereTheConfigurationIsWrong() throws Exception {
    Path file = folder.resolve("rotated.log");
    Path old = folder.resolve("rotated.log.1");
    String good = config("access { to = \"file:" + file + "\" }");
    server.reloaded(good);
    String first = session();
    await().untilAsserted(() -> assertThat(clients(file)).containsExactly(first));

    Files.move(file, old);
    server.signal("HUP");
    await("a new file").atMost(Patience.seconds(15)).until(() -> Files.exists(file));
    String second = session();
    await().untilAsserted(() -> assertThat(clients(file)).containsExactly(second));

    Files.move(file, old, StandardCopyOption.REPLACE_EXISTING);
    BouncerServer.writeConfig(folder, "listeners { }");
    server.signal("HUP");
    await("a new file").atMost(Patience.seconds(15)).until(() -> Files.exists(file));
    String third = session();
    await().untilAsserted(() -> assertThat(clients(file)).containsExactly(third));
    awaitLog("not reloaded: ");
  }
}
