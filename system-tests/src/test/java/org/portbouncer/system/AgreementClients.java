package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;

/** What clients of a test do whose sessions are all known, and what comes of each. */
final class AgreementClients {

  private static final int MOST_BYTES = 20_000;

  /** What a client says first: how much it will send, how much it wants back. */
  private static final int HEADER = 8;

  static final int MAIN = Ports.free();
  static final int ONE = Ports.free();
  static final int IDLE = Ports.free();
  static final int NOWHERE = Ports.free();
  static final int METRICS = Ports.free();

  private static final String BLOCKED_SOURCE = "127.0.1.1";
  private static final String UNKNOWN_SOURCE = "127.7.0.1";

  /** The sorts of sessions, and how many there are of each. */
  enum Sort {
    OK(640),
    BLOCKED(100),
    UNMATCHED(40),
    LIMITED(80),
    NO_TARGET(50),
    CLIENT_RESET(30),
    TARGET_RESET(20),
    IDLE(20),
    KILLED(19);

    final int count;

    Sort(int count) {
      this.count = count;
    }
  }

  private AgreementClients() {}

  /** Takes and gives what the client says; a negative number is the wish for a reset. */
  static void serve(Client connection) throws IOException {
    ByteBuffer header = ByteBuffer.wrap(connection.receive(HEADER));
    connection.receive(header.getInt());
    int wanted = header.getInt();
    if (wanted < 0) {
      connection.reset();
      return;
    }
    connection.send(new byte[wanted]);
    Received.all(connection.in());
  }

  static Happened run(Sort sort, Random random, List<Client> toKill) {
    try {
      return sort == Sort.KILLED ? stay(random, toKill) : come(sort, random);
    } catch (IOException e) {
      throw new AssertionError(sort + ": " + e, e);
    }
  }

  private static Happened come(Sort sort, Random random) throws IOException {
    int up = random.nextInt(MOST_BYTES);
    int down = 1 + random.nextInt(MOST_BYTES);
    return switch (sort) {
      case BLOCKED -> refused(BLOCKED_SOURCE, MAIN, "main", "noisy", "blocked", "PC");
      case UNMATCHED -> refused(UNKNOWN_SOURCE, MAIN, "main", "-", "blocked", "PC");
      case LIMITED -> refused("127.0.0.1", ONE, "one", "single", "limited", "PC");
      case NO_TARGET -> refused("127.0.0.1", NOWHERE, "nowhere", "staff", "no-target", "SC");
      case TARGET_RESET -> {
        try (Client client = Client.to(MAIN)) {
          ask(client, up, -1);
          assertThat(client.receiveAll())
              .extracting(Received::ending)
              .isEqualTo(Received.Ending.RESET);
          yield forwarded(client, "main", "reset", "SD", up, 0);
        }
      }
      case IDLE -> {
        try (Client client = Client.to(IDLE)) {
          exchange(client, up, down);
          assertThat(client.receiveAll().bytes()).isZero();
          yield forwarded(client, "idle", "timeout", "cD", up, down);
        }
      }
      case CLIENT_RESET -> {
        try (Client client = Client.to(MAIN)) {
          exchange(client, up, down);
          client.reset();
          yield forwarded(client, "main", "reset", "CD", up, down);
        }
      }
      default -> {
        try (Client client = Client.to(MAIN)) {
          exchange(client, up, down);
          finish(client);
          yield forwarded(client, "main", "ok", "--", up, down);
        }
      }
    };
  }

  /** One that stays until the operator ends it. */
  private static Happened stay(Random random, List<Client> toKill) throws IOException {
    int up = random.nextInt(MOST_BYTES);
    int down = 1 + random.nextInt(MOST_BYTES);
    Client client = Client.to(MAIN);
    toKill.add(client);
    exchange(client, up, down);
    return forwarded(client, "main", "killed", "KD", up, down);
  }

  private static Happened refused(
      String source, int port, String place, String rule, String result, String term)
      throws IOException {
    String acl = port == ONE ? "one" : "main";
    try (Client client = Client.from(source, port)) {
      assertThat(client.receiveAll().bytes()).isZero();
      return new Happened(client.address(), place, acl, rule, result, term, 0, 0);
    }
  }

  static Happened forwarded(
      Client client, String listener, String result, String term, int up, int down) {
    boolean one = listener.equals("one");
    return new Happened(
        client.address(),
        listener,
        one ? "one" : "main",
        one ? "single" : "staff",
        result,
        term,
        HEADER + up,
        down);
  }

  private static void ask(Client client, int up, int down) throws IOException {
    client.send(ByteBuffer.allocate(HEADER + up).putInt(up).putInt(down).array());
  }

  static void exchange(Client client, int up, int down) throws IOException {
    ask(client, up, down);
    client.receive(down);
  }

  static void finish(Client client) throws IOException {
    client.finish();
    assertThat(client.receiveAll())
        .isEqualTo(new Received(0, new Digest().hex(), Received.Ending.EOF));
  }
}
