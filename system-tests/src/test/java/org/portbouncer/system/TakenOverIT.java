package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.portbouncer.system.ForeignDescriptors.Message;

/**
 * What a worker that was taken over may send to the next stage: the test stands between the two,
 * and puts into sessions what is nothing to forward with.
 */
class TakenOverIT {
  private static final int CLIENT = 0;
  private static final int TARGET = 1;

  private Target target;
  private BouncerServer server;
  private int port;

  @BeforeEach
  void start(@TempDir Path folder) throws Exception {
    target = Target.start(Handler.echo());
    port = Ports.free();
    server =
        BouncerServer.start(
            folder,
            """
            listeners { echo { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" } }
            workers { io = 1 }
            """
                .formatted(port, target.port()));
    WarmUp.sessions(port);
    server.awaitNoSession();
  }

  @AfterEach
  void stop() throws Exception {
    Closing.all(server, target);
  }

  /** What io could forward to or from neither way; a file each time of another kind. */
  private static List<Integer> unfit(ForeignDescriptors made) {
    List<Integer> all =
        List.of(
            made.memoryFile(),
            made.file("/"),
            made.file("/proc/self/stat"),
            made.file("/dev/null"),
            made.waitingSocket());
    assertThat(all).doesNotContain(-1);
    return all;
  }

  @Test
  void shouldEndASessionAloneThatComesWithoutAConnection() throws Exception {
    long io = server.workers("io").getFirst();
    long bandwidth = server.workers("bandwidth").getFirst();
    List<Client> clients = new ArrayList<>();
    try (ForeignDescriptors made = new ForeignDescriptors();
        Client bystander = Client.to(port)) {
      bystander.echo("before");
      // What a next mother would call it by has a name.
      List<Integer> inboxes = made.datagramPairs(io);
      assumeTrue(!inboxes.isEmpty(), "descriptors of other processes cannot be had here");
      assertThat(inboxes).as("its inbox").hasSize(1);
      List<Integer> kinds = unfit(made);
      int lane = -1;
      // It is stopped for as long as the messages are changed, far from the time of a hang.
      Signals.send("STOP", io);
      try {
        int inbox = inboxes.getFirst();
        for (int candidate : made.datagramPairs(bandwidth)) {
          made.send(candidate, new Message(new byte[] {0}, new int[0]));
          if (made.isReadable(inbox)) {
            lane = candidate;
            made.receive(inbox);
          }
        }
        assertThat(lane).as("the way from bandwidth to io").isNotNegative();
        List<Message> changed = new ArrayList<>();
        for (int i = 0; i < 2 * kinds.size(); i++) {
          clients.add(Client.to(port));
          await("a session on its way to io")
              .pollInterval(Duration.ofMillis(5))
              .until(() -> made.isReadable(inbox));
          changed.add(replace(made.receive(inbox), kinds.get(i / 2), i % 2 == 0 ? CLIENT : TARGET));
        }
        for (Message message : changed) {
          assertThat(made.send(lane, message)).isTrue();
        }
      } finally {
        Signals.send("CONT", io);
      }
      for (Client client : clients) {
        AccessLine line = server.awaitEndOf(client.address());
        assertThat(line.get("result")).isEqualTo("error");
        assertThat(line.get("term")).isEqualTo("IC");
      }
      bystander.echo("after");
      assertThat(server.workers("io")).containsExactly(io);
      assertThat(server.err().text()).contains("cannot be forwarded: operation not permitted");
    } finally {
      for (Client client : clients) {
        client.close();
      }
    }
    server.awaitNoSession();
    try (Client client = Client.to(port)) {
      client.echo("and others");
    }
  }

  private static Message replace(Message message, int unfit, int role) {
    assertThat(message.descriptors()).as("client and target").hasSize(2);
    int[] descriptors = message.descriptors().clone();
    descriptors[role] = unfit;
    return new Message(message.bytes(), descriptors);
  }
}
