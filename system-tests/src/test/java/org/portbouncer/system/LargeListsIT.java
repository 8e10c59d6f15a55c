package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Lists of a million addresses, and configurations that cannot be read or taken. */
@Isolated
class LargeListsIT {
  private static final int PORT = Ports.free();
  private static final int MANY = 1_000_000;

  private static Path folder;
  private static Target target;
  private static BouncerServer server;

  @BeforeAll
  static void start(@TempDir Path temporary) throws Exception {
    folder = temporary;
    // Every second address of each family; the clients of the tests are among neither.
    writeList(
        "four.nets",
        i -> "%d.%d.%d.%d".formatted(11 + (i >> 23), i >> 15 & 255, i >> 7 & 255, i << 1 & 255));
    writeList("six.nets", i -> "2001:db8::%x:%x".formatted(i >> 15, i << 1 & 0xffff));
    target = Target.start(Handler.echo());
    // Workers with little heap: a list must not need any, and too many rules must be refused.
    server =
        BouncerServer.startBy(
            List.of("env", "BOUNCER_WORKER_JAVA_OPTS=-Xmx12m"), folder, with("127.9.9.9"));
    WarmUp.sessions(PORT);
    server.reloaded(with("127.9.9.9"));
    server.rememberDescriptors();
  }

  @AfterAll
  static void stop() throws Exception {
    try {
      server.reloaded(with("127.9.9.9"));
      server.assertNothingLeaked();
    } finally {
      Closing.all(server, target);
    }
  }

  private static void writeList(String name, IntFunction<String> line) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(folder.resolve(name))) {
      for (int i = 0; i < MANY; i++) {
        out.write(line.apply(i));
        out.write('\n');
      }
    }
  }

  private static String with(String blocked) {
    return with(blocked, "");
  }

  private static String with(String blocked, String more) {
    return """
    listeners { web { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = rules } }
    acls { rules = [
      { name = listed, action = block, from = [%s] }
      { name = rest, action = pass } ] }
    workers { io = 1 }
    %s
    """
        .formatted(PORT, target.port(), "\"" + blocked.replace(" ", "\", \"") + "\"", more);
  }

  /** Sum of the proportional shares of all processes, in MiB. */
  private static long pss() throws IOException {
    long mib = 0;
    for (long pid : ProcessTree.of(server.pid())) {
      mib += pss(pid);
    }
    return mib;
  }

  private static long pss(long pid) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/smaps_rollup")).stream()
            .filter(line -> line.startsWith("Pss:"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", "")))
            .sum()
        / 1024;
  }

  private static List<String> restarts() throws IOException {
    return server.status().path("workers").findValuesAsText("restarts");
  }

  private static boolean passes() throws IOException {
    try (Client client = Client.to(PORT)) {
      client.finish();
      client.receiveAll();
      return server.awaitEndOf(client.address()).result().equals("ok");
    }
  }

  @Test
  void shouldDecideByAMillionAddressesOfEachFamilyWithoutHeap() throws Exception {
    long before = pss();
    List<String> restarts = restarts();
    server.reloaded(with("file:four.nets file:six.nets"));
    assertThat(passes()).isTrue();
    String config = server.config().toString();
    assertThat(decides(config, "2001:db8::1e:847e")).isEqualTo(1);
    System.out.printf("LargeListsIT: PSS of all processes %d MiB, before %d MiB%n", pss(), before);
    // The client of this test is in the list now, among all the others.
    Files.writeString(folder.resolve("four.nets"), "127.0.0.0/8\n", StandardOpenOption.APPEND);
    server.reloaded(with("file:four.nets file:six.nets"));
    assertThat(passes()).isFalse();
    CommandResult check = CommandResult.bouncer("check", "-c", config);
    assertThat(check.exit()).isZero();
    assertThat(check.out().getFirst()).isEqualTo(config + ": ok");
    assertThat(check.out().get(1))
        .matches("needs \\d+.\\d MiB of memory .* for 2,000,001 ranges.*");
    server.reloaded(with("127.9.9.9"));
    assertThat(restarts()).isEqualTo(restarts);
  }

  /** The control: what is asked of the server above is what HAProxy does. */
  @Test
  void shouldSeeHaproxyTakeAMillionAddressesWhileEverybodyIsServed() throws Exception {
    Path list = Files.writeString(folder.resolve("haproxy.nets"), "127.9.9.9\n");
    String rules =
        "acl listed src -f %s%n  tcp-request connection reject if listed".formatted(list);
    try (Haproxy haproxy = Haproxy.service(target.port(), folder, rules)) {
      try (Client client = Client.to(haproxy.port())) {
        client.echo("in no list");
      }
      Files.copy(folder.resolve("four.nets"), list, StandardCopyOption.REPLACE_EXISTING);
      Files.writeString(list, "127.0.0.0/8\n", StandardOpenOption.APPEND);
      CompletableFuture<Void> reload =
          CompletableFuture.runAsync(
              () -> {
                try {
                  haproxy.reload();
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              },
              task -> Thread.ofVirtual().start(task));
      await("the new list to be in force")
          .atMost(Patience.seconds(60))
          .until(() -> isRejected(haproxy.port()));
      reload.get();
      long newest = Collections.max(haproxy.workers());
      System.out.printf("LargeListsIT: PSS of HAProxy's process %d MiB%n", pss(newest));
    }
  }

  /** Whether the client is let in no more; until then it is served. */
  private static boolean isRejected(int port) throws IOException {
    try (Client client = Client.to(port)) {
      client.send("x");
      return client.in().read() < 0;
    } catch (SocketException reset) {
      return true;
    }
  }

  private static int decides(String config, String from) throws Exception {
    return CommandResult.bouncer("acl", "test", "-c", config, "--listener", "web", "--from", from)
        .exit();
  }

  @Test
  void shouldRefuseWhatAWorkerCannotTakeWhileEverybodyIsServed() throws Exception {
    StringBuilder rules = new StringBuilder("acls { more = [\n");
    for (int i = 0; i < 20_000; i++) {
      rules.append("{ name = r").append(i).append(", action = pass, from-port = 1 }\n");
    }
    AtomicBoolean enough = new AtomicBoolean();
    AtomicInteger served = new AtomicInteger();
    CompletableFuture<Void> clients =
        CompletableFuture.runAsync(
            () -> {
              try {
                while (!enough.get()) {
                  try (Client client = Client.to(PORT)) {
                    client.echo("served");
                    served.incrementAndGet();
                  }
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    List<String> restarts = restarts();
    int epoch = server.status().path("epoch").asInt();
    BouncerServer.writeConfig(folder, with("127.9.9.9", rules + "] }"));
    CommandResult reload = server.command("reload");
    assertThat(reload.exit()).as(reload.allText()).isEqualTo(1);
    assertThat(reload.err().getLast())
        .startsWith("bouncer: not reloaded: worker ")
        .contains(" cannot take it: it needs some ")
        .endsWith("; epoch " + epoch + " stays in force");
    server.reloaded(with("127.9.9.9"));
    enough.set(true);
    clients.get();
    assertThat(served).hasPositiveValue();
    assertThat(restarts()).isEqualTo(restarts);
  }

  @Test
  void shouldRefuseWhatNeverEndsAndReloadAfterwards() throws Exception {
    CommandResult fifo = CommandResult.run(folder, List.of("mkfifo", "pipe.nets", "pipe.conf"));
    assertThat(fifo.exit()).isZero();
    try (RandomAccessFile endless =
        new RandomAccessFile(folder.resolve("huge.nets").toFile(), "rw")) {
      endless.setLength(1L << 40);
    }
    String notRegular = "is not a regular file but a pipe, a socket or a device";
    refuses(with("file:pipe.nets"), "pipe.nets cannot be read: " + notRegular);
    refuses(with("file:/dev/zero"), "/dev/zero cannot be read: " + notRegular);
    refuses(with("file:huge.nets"), "huge.nets cannot be read: line 1 is longer than 4096 bytes");
    refuses(with("127.9.9.9", "include \"pipe.conf\""), "'pipe.conf' " + notRegular);
    refuses(with("127.9.9.9", "include url(\"http://127.0.0.1:1/x\")"), "is a URL");
    refuses(with("127.9.9.9", "include \"http://127.0.0.1:1/x\""), "is a URL");
    refuses(with("127.9.9.9", "# " + "x".repeat(1 << 20)), "is too large");
    assertThat(passes()).isTrue();
  }

  private static void refuses(String body, String why) throws IOException {
    JsonNode answer = server.reload(body);
    assertThat(answer.path("reloaded").asBoolean()).isFalse();
    assertThat(answer.path("problems").toString()).contains(why);
    server.reloaded(with("127.9.9.9"));
  }

  @Test
  void shouldRefuseWhereAWorkerIsKilledWhileItIsToTakeIt() throws Exception {
    int epoch = server.status().path("epoch").asInt();
    long acl = server.workers("acl").getFirst();
    Signals.send("STOP", acl);
    CompletableFuture<JsonNode> answer =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return server.reload(with("127.0.0.0/8"));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    int before = server.err().lines().size();
    await("the reload to have begun")
        .atMost(Patience.seconds(10))
        .until(
            () ->
                memoryOfRules() == 2
                    || server.err().linesFrom(before).stream()
                        .anyMatch(l -> l.contains("not reloaded")));
    Signals.send("KILL", acl);
    assertThat(answer.get().path("error").asText())
        .isEqualTo(
            "not reloaded: worker acl/0 died while it was to take it (killed by signal 9);"
                + " epoch "
                + epoch
                + " stays in force");
    assertThat(passes()).as("by the rules of before").isTrue();
    server.reloaded(with("127.9.9.9"));
    server.rememberDescriptors();
  }

  /** How many configurations' rules the mother keeps. */
  private static int memoryOfRules() throws IOException {
    int count = 0;
    try (var links = Files.list(Path.of("/proc/" + server.pid() + "/fd"))) {
      for (Path link : links.toList()) {
        try {
          count += Files.readSymbolicLink(link).toString().contains("bouncer-rules") ? 1 : 0;
        } catch (NoSuchFileException closed) {
          // Between the listing and the look.
        }
      }
    }
    return count;
  }
}
