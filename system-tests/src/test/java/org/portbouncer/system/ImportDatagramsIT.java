package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Configurations of other forwarders that are about datagrams: each program with its own beside
 * bouncer with the imported one, and the same clients at both.
 */
class ImportDatagramsIT {

  private static final List<String> GRID =
      List.of("127.0.0.1", "127.0.0.2", "127.0.0.7", "127.0.0.20", "127.0.1.1", "127.9.0.7", "::1");

  /** Who is not answered at the first question may be at another, on a busy machine. */
  private static final int QUESTIONS = 3;

  private static final int ANSWER_MILLIS = 600;

  /** What no answer stands for. */
  private static final String SILENCE = "silence";

  private static UdpTarget targetA;
  private static UdpTarget targetB;

  @TempDir private Path folder;

  @BeforeAll
  static void start() throws Exception {
    targetA = UdpTarget.naming("a");
    targetB = UdpTarget.naming("b");
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(targetA, targetB);
  }

  private static String filled(String text) {
    return text.replace("TARGETA", "127.0.0.1 " + targetA.port() + "/udp")
        .replace("TARGETB", "127.0.0.1 " + targetB.port() + "/udp")
        .replace("SERVERA", "127.0.0.1:" + targetA.port())
        .replace("SERVERB", "127.0.0.1:" + targetB.port());
  }

  /** A client at one of both, which keeps its port. */
  private static final class Asker implements AutoCloseable {

    private static final AtomicInteger QUESTION = new AtomicInteger();

    private final DatagramSocket socket;
    private final InetSocketAddress server;

    Asker(String source, int port) throws IOException {
      socket = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral(source), 0));
      String host = source.indexOf(':') < 0 ? "127.0.0.1" : "::1";
      server = new InetSocketAddress(InetAddress.ofLiteral(host), port);
    }

    /** What comes to a question: the target's name, and the port from which it was asked. */
    String ask(int times, int millis) throws IOException {
      for (int i = 0; i < times; i++) {
        String question = "question " + QUESTION.incrementAndGet();
        byte[] bytes = question.getBytes(StandardCharsets.UTF_8);
        socket.send(new DatagramPacket(bytes, bytes.length, server));
        socket.setSoTimeout(millis);
        try {
          while (true) {
            DatagramPacket answer = new DatagramPacket(new byte[128], 128);
            socket.receive(answer);
            String text =
                new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
            if (text.endsWith(" " + question)) {
              return text.substring(0, text.length() - question.length() - 1);
            }
          }
        } catch (SocketTimeoutException silent) {
          // It is asked again.
        }
      }
      return SILENCE;
    }

    /** Likewise, of one that is let in. */
    String ask() throws IOException {
      return ask(1, (int) Patience.millis(5_000));
    }

    @Override
    public void close() {
      socket.close();
    }
  }

  /** Where each of the grid comes out, all asked at once. */
  private static CompletableFuture<List<String>> outcomes(int port) {
    List<CompletableFuture<String>> asked = new ArrayList<>();
    for (String source : GRID) {
      asked.add(
          CompletableFuture.supplyAsync(
              () -> {
                try (Asker asker = new Asker(source, port)) {
                  return source + " " + asker.ask(QUESTIONS, ANSWER_MILLIS).replaceAll(" .*", "");
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              },
              task -> Thread.ofVirtual().start(task)));
    }
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(done -> asked.stream().map(CompletableFuture::join).toList());
  }

  /** Fails unless both let in the same clients, and they come out at the same targets. */
  private static List<String> askAll(Beside beside, int first, int last) {
    List<CompletableFuture<List<String>>> ours = new ArrayList<>();
    List<CompletableFuture<List<String>>> theirs = new ArrayList<>();
    for (int port = first; port <= last; port++) {
      ours.add(outcomes(beside.ours(port)));
      theirs.add(outcomes(beside.theirs(port)));
    }
    List<String> all = new ArrayList<>();
    for (int i = 0; i < ours.size(); i++) {
      List<String> here = ours.get(i).join();
      assertThat(here)
          .as("PORT%d; %s", first + i, beside.imported().allText())
          .isEqualTo(theirs.get(i).join());
      all.addAll(here);
    }
    return all;
  }

  /** Whether a client that was silent for so long is a new session to the target. */
  private static void awaitNewSession(int port, int silence) throws IOException {
    try (Asker asker = new Asker("127.0.0.1", port)) {
      String first = asker.ask();
      assertThat(first).matches("[ab] [0-9]+");
      await("another port at the target")
          .pollDelay(Duration.ofMillis(silence))
          .pollInterval(Duration.ofMillis(silence))
          .atMost(Patience.seconds(20))
          .until(() -> !asker.ask().equals(first));
    }
  }

  private static void assertSameSession(int port) throws IOException {
    try (Asker asker = new Asker("127.0.0.1", port)) {
      assertThat(asker.ask()).isEqualTo(asker.ask()).isEqualTo(asker.ask());
    }
  }

  @Test
  void shouldAnswerTheSameClientsWhenRinetdIsImported() throws Exception {
    String text =
        filled(
            """
            deny 127.9.*
            127.0.0.1 PORT1/udp TARGETA
            allow 127.0.0.1
            allow 127.0.0.2*
            deny 127.0.0.20
            127.0.0.1 PORT2/udp TARGETB [timeout=1]
            deny 127.0.0.7
            127.0.0.1 PORT2 127.0.0.1 1
            :: PORT3/udp TARGETB
            allow ::1
            allow 127.*
            0 PORT4/udp TARGETA
            """);
    try (Beside beside = Beside.rinetd(folder, text, 0)) {
      assertThat(askAll(beside, 1, 4))
          .contains(
              "127.0.0.1 a", "127.0.0.1 b", "::1 b", "127.0.0.7 silence", "127.9.0.7 silence");
      for (int port : List.of(beside.theirs(2), beside.ours(2))) {
        awaitNewSession(port, 2_500);
      }
      for (int port : List.of(beside.theirs(1), beside.ours(1))) {
        assertSameSession(port);
      }
      assertThat(beside.imported().exit()).as("%s", beside.imported().allText()).isZero();
    }
  }

  @Test
  void shouldAnswerTheSameClientsWhenNginxIsImported() throws Exception {
    String stream =
        filled(
            """
            upstream only { server SERVERB; }
            upstream both { server SERVERA; server SERVERB backup; }
            deny 127.0.0.2;
            server { listen 127.0.0.1:PORT1; proxy_pass 127.0.0.1:1; }
            server { listen 127.0.0.1:PORT2 udp; proxy_pass both; }
            server {
              listen 127.0.0.1:PORT3 udp;
              allow 127.0.0.0/28; deny 127.0.0.0/16; deny 127.9.0.7;
              proxy_pass only;
              proxy_timeout 1s;
            }
            server { listen [::]:PORT4 udp; proxy_pass SERVERB; }
            server { listen [::]:PORT5 udp ipv6only=off; proxy_pass SERVERA; allow ::1; deny ::/0; }
            server { listen 127.0.0.1:PORT6 udp; proxy_pass SERVERA; proxy_responses 1; }
            """);
    try (Beside beside = Beside.nginx(folder, stream, 1)) {
      assertThat(askAll(beside, 2, 6))
          .contains("127.0.0.1 a", "127.0.0.1 b", "::1 a", "127.0.0.2 silence", "127.0.0.2 b");
      for (int i : List.of(3, 6)) {
        awaitNewSession(beside.theirs(i), i == 6 ? 50 : 2_500);
        awaitNewSession(beside.ours(i), i == 6 ? 50 : 2_500);
      }
      assertSameSession(beside.theirs(2));
      assertSameSession(beside.ours(2));
      assertThat(beside.imported().exit()).as("%s", beside.imported().allText()).isZero();
    }
  }
}
