package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Listeners that come, go and move with a reload. */
class ReloadListenersIT extends ReloadCase {

  @Test
  void shouldAddAndRemoveListenersAndCountOnWhereOneComesBack() throws Exception {
    assertThat(isRefused(other)).isTrue();
    String both = and(listener("more", "127.0.0.1:" + other, target.port()));
    server.reloaded(both);
    long before = counted("more", "accepted");
    try (Client live = Client.to(other)) {
      live.echo("a");
      server.reloaded(plain());
      assertThat(isRefused(other)).isTrue();
      assertThat(server.status().path("listeners").has("more")).isFalse();
      live.echo("the session of a listener that is gone goes on");
      assertThat(server.awaitSession(live.address()).path("listener").asText()).isEqualTo("more");
      live.finish();
      live.receiveAll();
      AccessLine end = server.awaitEndOf(live.address());
      assertThat(end.result()).isEqualTo("ok");
      assertThat(end.get("listener")).isEqualTo("more");
    }
    server.reloaded(both);
    WarmUp.sessions(other);
    server.awaitNoSession();
    assertThat(counted("more", "accepted")).isEqualTo(before + 9);
  }

  @Test
  void shouldChangeNothingWhereAnAddressCannotBeBound() throws Exception {
    try (ServerSocket holder = new ServerSocket(0, 1, Client.LOOPBACK)) {
      int taken = holder.getLocalPort();
      JsonNode answer =
          server.reload(
              and(
                  listener("a", "127.0.0.1:" + other, target.port())
                      + listener("b", "127.0.0.1:" + taken, target.port())));
      assertThat(answer.path("error").asText())
          .startsWith("not reloaded: cannot listen on 127.0.0.1:" + taken)
          .contains("ddress already in use");
      assertThat(answer.path("code").asInt()).isEqualTo(1);
      assertThat(isRefused(other)).as("what was bound before it").isTrue();
      WarmUp.sessions(port);
    }
  }

  @Test
  void shouldMoveAListenerBetweenAnAddressAndAllOfThemWithoutRefusingAnybody() throws Exception {
    AtomicBoolean enough = new AtomicBoolean();
    CompletableFuture<Integer> clients =
        CompletableFuture.supplyAsync(
            () -> {
              int served = 0;
              try {
                while (!enough.get()) {
                  try (Client client = Client.to(port)) {
                    client.echo("served");
                    served++;
                  }
                }
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
              return served;
            });
    for (int i = 0; i < 4; i++) {
      server.reloaded(plain().replace("127.0.0.1:" + port, "0.0.0.0:" + port));
      server.reloaded(plain());
      server.reloaded(plain().replace("\"127.0.0.1:" + port + "\"", "\"[::]:" + port + "\""));
      server.reloaded(
          plain()
              .replace(
                  "\"127.0.0.1:" + port + "\"",
                  "[\"[::]:%d\", \"0.0.0.0:%d\"]".formatted(port, port)));
      server.reloaded(plain());
    }
    enough.set(true);
    assertThat(clients.get()).isPositive();
    assertThatThrownBy(() -> new ServerSocket(port, 1, Client.LOOPBACK))
        .as("the address is the server's alone")
        .isInstanceOf(java.net.BindException.class);
  }

  @Test
  void shouldOpenAndRemoveSocketFiles() throws Exception {
    Path path = folder.resolve("web.sock");
    server.reloaded(
        and(
            "listeners { local { listen = \"unix:web.sock\", target = \"127.0.0.1:%d\" } }"
                .formatted(target.port())));
    try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      client.connect(UnixDomainSocketAddress.of(path));
      client.write(ByteBuffer.wrap("x".getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
      assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(1);
    }
    server.reloaded(plain());
    assertThat(path).doesNotExist();
  }

  @Test
  void shouldKeepAPortThatTheKernelChose() throws Exception {
    String config = and(listener("any", "127.0.0.1:0", target.port()));
    server.reloaded(config);
    String chosen = server.status().path("listeners").path("any").path("listen").asText();
    assertThat(chosen).doesNotEndWith(":0");
    server.reloaded(config);
    assertThat(server.status().path("listeners").path("any").path("listen").asText())
        .isEqualTo(chosen);
    server.reloaded(and(listener("any", chosen, target.port())));
    WarmUp.sessions(Integer.parseInt(chosen.substring(chosen.lastIndexOf(':') + 1)));
  }
}
