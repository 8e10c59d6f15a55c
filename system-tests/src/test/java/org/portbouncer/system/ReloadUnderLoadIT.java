package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many reloads while many clients come, and some stay. */
class ReloadUnderLoadIT {
  private static final int PORT = Ports.free();
  private static final int OTHER = Ports.free();
  private static final int RELOADS = 200;
  private static final int AT_ONCE = 64;
  private static final int STAYING = 8;
  private static final int HELD_MILLIS = 40;

  private static Target target;

  /** Every configuration differs from the one before; each second one has another listener. */
  private static String configuration(int number) {
    String other =
        number % 2 == 0
            ? ""
            : "other { listen = \"127.0.0.1:%d\", target = \"127.0.0.1:%d\" }"
                .formatted(OTHER, target.port());
    return """
    listeners {
      web { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = rules }
      %s
    }
    acls { rules = [
      { name = no%d, action = block, from = "127.9.%d.0/24" }
      { name = local, action = pass, from = "127.0.0.0/8", max-sessions = 10000 }
    ] }
    log { level = debug }
    """
        .formatted(PORT, target.port(), other, number, number % 256);
  }

  @Test
  void shouldLoseNobodyAndForgetWhatNobodyUses(@TempDir Path folder) throws Exception {
    target = Target.start(Handler.echo());
    BouncerServer server = BouncerServer.start(folder, configuration(0));
    try {
      WarmUp.sessions(PORT);
      server.reloaded(configuration(0));
      server.rememberDescriptors();
      List<Client> staying = new ArrayList<>();
      for (int i = 0; i < STAYING; i++) {
        Client client = Client.to(PORT);
        client.echo("from the beginning");
        staying.add(client);
      }
      int before = server.status().path("epoch").asInt();
      AtomicBoolean enough = new AtomicBoolean();
      AtomicInteger served = new AtomicInteger();
      List<CompletableFuture<Void>> clients = new ArrayList<>();
      for (int i = 1; i <= AT_ONCE; i++) {
        String source = "127.1.0." + i;
        clients.add(
            CompletableFuture.runAsync(
                () -> comeAndGo(source, enough, served), task -> Thread.ofVirtual().start(task)));
      }
      try {
        for (int i = 1; i <= RELOADS; i++) {
          assertThat(server.reloaded(configuration(i))).isEqualTo(before + i);
          staying.get(i % STAYING).echo("reload " + i);
        }
      } finally {
        enough.set(true);
      }
      for (CompletableFuture<Void> client : clients) {
        client.get();
      }
      assertThat(served).as("sessions meanwhile").hasValueGreaterThan(AT_ONCE);
      assertThat(served.get() + STAYING + 8)
          .isEqualTo(server.status().path("listeners").path("web").path("accepted").asInt());
      assertThat(server.accessLines(line -> line.isEnd() && !line.result().equals("ok"))).isEmpty();
      // The first, because of those who stay, and the last.
      awaitInUse(server, before, before + RELOADS);
      for (Client client : staying) {
        client.echo("to the end");
        assertThat(server.awaitSession(client.address()).path("rule").asText()).isEqualTo("local");
        client.close();
      }
      awaitInUse(server, before + RELOADS);
      server.assertNothingLeaked();
      refusesWhileItStops(server);
    } finally {
      Closing.all(server, target);
    }
  }

  /** From an address of its own, which has ports enough however long the reloads take. */
  private static void comeAndGo(String source, AtomicBoolean enough, AtomicInteger served) {
    try {
      while (!enough.get()) {
        try (Client client = Client.from(source, PORT)) {
          client.echo("a few bytes");
          // So that there are sessions in every reload, and a processor left for it.
          Pause.millis(HELD_MILLIS);
          client.finish();
          assertThat(client.receiveAll().bytes()).isZero();
          served.incrementAndGet();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until the mother has told the workers that these epochs, and no others, are in use. */
  private static void awaitInUse(BouncerServer server, int... epochs) {
    String wanted = java.util.Arrays.toString(epochs).replace('[', '{').replace(']', '}');
    await("configurations in use: " + wanted)
        .atMost(Patience.seconds(10))
        .until(
            () ->
                server.err().lines().stream()
                    .filter(line -> line.contains("configurations in use: "))
                    .reduce((first, second) -> second)
                    .orElse("")
                    .endsWith(wanted));
  }

  private static void refusesWhileItStops(BouncerServer server) throws Exception {
    try (Client client = Client.to(PORT)) {
      client.echo("holds the stop up");
      server.signal("TERM");
      await("the server is stopping").until(() -> !server.status().path("ready").asBoolean());
      JsonNode answer = AdminClient.ask(server.socket(), "reload");
      assertThat(answer.path("error").asText()).isEqualTo("not reloaded: the server is stopping");
      assertThat(answer.path("code").asInt()).isEqualTo(1);
      client.echo("goes on");
    }
  }
}
