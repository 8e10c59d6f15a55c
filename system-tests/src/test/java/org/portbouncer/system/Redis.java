package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A real Redis, or Valkey, or Sentinel, on loopback; where neither is installed the test is
 * skipped.
 */
final class Redis implements AutoCloseable {

  private static final List<String> PROGRAMS =
      List.of("/usr/bin/redis-server", "/usr/bin/valkey-server");

  private final Path folder;
  private final String password;
  private final int port = Ports.free();
  private final Path output;
  private List<String> options;
  private Process process;

  private Redis(Path folder, String password, List<String> options) {
    this.folder = folder;
    this.password = password;
    this.options = options;
    this.output = folder.resolve("redis-" + port + ".out");
  }

  /** One that has a password, and nothing in it. */
  static Redis start(Path folder, String password) throws IOException {
    return start(folder, password, List.of());
  }

  /**
   * One with more options, as on its command line.
   *
   * @param password "" for none
   */
  static Redis start(Path folder, String password, List<String> options) throws IOException {
    Redis redis = new Redis(folder, password, options);
    redis.start();
    return redis;
  }

  /** A Sentinel, alone, that looks after one master. */
  static Redis sentinel(Path folder, String name, Redis master) throws IOException {
    Redis sentinel = new Redis(folder, "", List.of("--sentinel"));
    Path config = folder.resolve("sentinel-" + sentinel.port + ".conf");
    Files.writeString(
        config,
        """
        port %d
        bind 127.0.0.1
        dir %s
        sentinel monitor %s 127.0.0.1 %d 1
        sentinel auth-pass %s %s
        sentinel down-after-milliseconds %s 1000
        sentinel failover-timeout %s 5000
        """
            .formatted(
                sentinel.port, folder, name, master.port, name, master.password, name, name));
    sentinel.run(List.of(config.toString(), "--sentinel"));
    return sentinel;
  }

  int port() {
    return port;
  }

  /** Starts it again, with nothing in it. */
  void start() throws IOException {
    List<String> words = new ArrayList<>();
    words.addAll(List.of("--bind", "127.0.0.1", "--save", "", "--dir", folder.toString()));
    if (!options.contains("--port")) {
      words.addAll(List.of("--port", Integer.toString(port)));
    }
    if (!password.isEmpty()) {
      words.addAll(List.of("--requirepass", password, "--masterauth", password));
    }
    words.addAll(options);
    run(words);
  }

  /** Ends it, and starts it again with other options. */
  void restart(List<String> others) throws IOException {
    stop();
    options = others;
    start();
  }

  private void run(List<String> words) throws IOException {
    List<String> found = PROGRAMS.stream().filter(one -> Files.isExecutable(Path.of(one))).toList();
    assumeTrue(!found.isEmpty(), "neither redis-server nor valkey-server is installed");
    List<String> command = new ArrayList<>(List.of(found.getFirst()));
    command.addAll(words);
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    await("Redis").atMost(Patience.seconds(20)).until(this::listens);
  }

  private boolean listens() throws IOException {
    if (!process.isAlive()) {
      throw new IOException(Files.readString(output));
    }
    try (Socket _ = new Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Has it do something, and says the text, or the first line, of its answer. */
  String say(String... words) throws IOException {
    return sayAs(password, words);
  }

  /** What it says of its role. */
  String role() throws IOException {
    return info("replication");
  }

  /** As a Sentinel: whether it has heard of a replica of that master. */
  boolean knowsReplicas(String name) throws IOException {
    return info("sentinel").matches("(?s).*name=" + name + ",[^\\n]*slaves=[1-9].*");
  }

  private String info(String section) throws IOException {
    return say("INFO", section);
  }

  /** The same, by another password than its own. */
  String sayAs(String token, String... words) throws IOException {
    try (Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
      socket.setSoTimeout((int) Patience.seconds(20).toMillis());
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      if (!token.isEmpty()) {
        assertThat(say(socket, in, "AUTH", token)).isEqualTo("+OK");
      }
      return say(socket, in, words);
    }
  }

  private static String say(Socket socket, BufferedReader in, String... words) throws IOException {
    StringBuilder packet = new StringBuilder("*" + words.length + "\r\n");
    for (String word : words) {
      int length = word.getBytes(StandardCharsets.UTF_8).length;
      packet.append('$').append(length).append("\r\n").append(word).append("\r\n");
    }
    socket.getOutputStream().write(packet.toString().getBytes(StandardCharsets.UTF_8));
    String line = in.readLine();
    if (line == null || !line.startsWith("$") || line.equals("$-1")) {
      return line;
    }
    char[] text = new char[Integer.parseInt(line.substring(1))];
    int length = 0;
    while (length < text.length) {
      int read = in.read(text, length, text.length - length);
      if (read < 0) {
        throw new EOFException();
      }
      length += read;
    }
    return new String(text);
  }

  /** Has it do something that it must be willing to do. */
  void tell(String... words) throws IOException {
    assertThat(say(words)).as(String.join(" ", words)).doesNotStartWith("-");
  }

  /** Ends it, and all that it knew. */
  void stop() {
    process.destroyForcibly().onExit().join();
  }

  /** Sends it a signal: STOP, so that it is there and says nothing, or CONT. */
  void signal(String name) throws IOException, InterruptedException {
    CommandResult.run(null, List.of("kill", "-" + name, Long.toString(process.pid())));
  }

  @Override
  public void close() {
    stop();
  }
}
