package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * Another forwarder, and beside it a bouncer with the imported form of the same configuration on
 * other ports.
 */
final class Beside implements AutoCloseable {

  /** What a configuration says instead of ports to listen on: PORT1, PORT2, … */
  private static final String PORT = "PORT";

  private static final int MOST_PORTS = 12;

  /** Longer than any timeout in a configuration that has one. */
  private static final int SILENCE_MILLIS = 4_000;

  private final int[] theirs = new int[MOST_PORTS + 1];
  private final int[] ours = new int[MOST_PORTS + 1];
  private final Path folder;
  private Process other;
  private Output said;
  private BouncerServer bouncer;

  /** What the import said. */
  private CommandResult imported;

  private Beside(Path folder) {
    this.folder = folder;
    for (int i = 1; i <= MOST_PORTS; i++) {
      theirs[i] = Ports.free();
      ours[i] = Ports.free();
    }
  }

  /**
   * Starts both.
   *
   * @param format as the import is told
   * @param program that must be there
   * @param command of the program; FILE is its configuration, DIR a folder for it
   * @param text the configuration
   * @param ports how many of PORT1, PORT2, … it listens on
   */
  static Beside start(
      Path folder, String format, String program, List<String> command, String text, int ports)
      throws Exception {
    assumeTrue(isThere(program), program + " is not installed");
    Beside beside = new Beside(folder);
    try {
      Path source = folder.resolve("theirs.conf");
      Files.writeString(source, filled(text, beside.theirs, folder));
      UnaryOperator<String> place =
          word -> word.replace("FILE", source.toString()).replace("DIR", folder.toString());
      beside.other =
          new ProcessBuilder(command.stream().map(place).toList())
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .start();
      beside.said = new Output(program, beside.other.getInputStream());
      beside.bouncer(format, text);
      for (int i = 1; i <= ports; i++) {
        beside.awaitListening(i);
      }
      return beside;
    } catch (Throwable e) {
      beside.close();
      throw e;
    }
  }

  /** The same with rinetd. */
  static Beside rinetd(Path folder, String text, int ports) throws Exception {
    return start(folder, "rinetd", "rinetd", List.of("rinetd", "-f", "-c", "FILE"), text, ports);
  }

  /**
   * The same with nginx.
   *
   * @param stream what is in the block of that name
   */
  static Beside nginx(Path folder, String stream, int ports) throws Exception {
    String text =
        """
        daemon off;
        master_process off;
        pid DIR/nginx.pid;
        error_log DIR/nginx.log;
        load_module /usr/lib/nginx/modules/ngx_stream_module.so;
        events { }
        stream {
        %s
        }
        """
            .formatted(stream);
    return start(folder, "nginx", "nginx", List.of("nginx", "-c", "FILE"), text, ports);
  }

  static boolean isThere(String program) {
    return List.of("/usr/sbin", "/usr/bin", "/sbin", "/bin").stream()
        .anyMatch(place -> Files.isExecutable(Path.of(place, program)));
  }

  private static String filled(String text, int[] ports, Path folder) {
    String filled = text.replace("DIR", folder.toString());
    for (int i = MOST_PORTS; i > 0; i--) {
      filled = filled.replace(PORT + i, Integer.toString(ports[i]));
    }
    return filled;
  }

  private void bouncer(String format, String source) throws Exception {
    Path theirForm = folder.resolve("ours.conf");
    Files.writeString(theirForm, filled(source, ours, folder));
    Path made = folder.resolve("made.conf");
    imported = CommandResult.bouncer("import", format, theirForm.toString(), "-o", made.toString());
    assertThat(Files.exists(made)).as("%s", imported.allText()).isTrue();
    String text = Files.readString(made);
    String body = text.substring(text.indexOf("bouncer {\n") + 10, text.lastIndexOf("\n}\n") + 1);
    // Nobody waits at the end for sessions of datagrams that have only fallen silent.
    String whole = body + "\n  timeouts.drain = 1s\n";
    bouncer = BouncerServer.start(Files.createDirectory(folder.resolve("run")), whole);
  }

  private void awaitListening(int port) {
    await("their port " + port)
        .atMost(Patience.seconds(10))
        .until(
            () -> {
              assertThat(other.isAlive()).as(said.text()).isTrue();
              return listens("127.0.0.1", theirs[port]) || listens("::1", theirs[port]);
            });
  }

  private static boolean listens(String address, int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.ofLiteral(address), port));
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  CommandResult imported() {
    return imported;
  }

  BouncerServer bouncer() {
    return bouncer;
  }

  /** The number that PORT{@code i} has in their configuration. */
  int theirs(int i) {
    return theirs[i];
  }

  /** The number that PORT{@code i} has in ours. */
  int ours(int i) {
    return ours[i];
  }

  /** Asks both where a client comes out, and fails unless they agree. */
  String ask(String source, int port) throws IOException {
    String there = outcome(source, theirs[port]);
    String here = outcome(source, ours[port]);
    if (there.equals("refused") && here.equals("closed")) {
      return here; // a rule keeps out whom their socket does not take
    }
    assertThat(here).as("%s to PORT%d; %s", source, port, imported.allText()).isEqualTo(there);
    return here;
  }

  /** The same for two clients at once. */
  String askTwice(String source, int port) throws IOException {
    String there = twice(source, theirs[port]);
    String here = twice(source, ours[port]);
    assertThat(here)
        .as("%s twice to PORT%d; %s", source, port, imported.allText())
        .isEqualTo(there);
    return here;
  }

  private static String twice(String source, int port) throws IOException {
    try (Socket first = new Socket();
        Socket second = new Socket()) {
      return outcome(first, source, port) + " " + outcome(second, source, port);
    }
  }

  /** Whether both leave a client alone that says nothing, for longer than any timeout here. */
  boolean staysOpen(String source, int port) throws IOException {
    // Both at once, for most of it is waiting.
    CompletableFuture<Boolean> there =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return open(source, theirs[port]);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            task -> Thread.ofVirtual().start(task));
    boolean here = open(source, ours[port]);
    assertThat(here).as("%s at PORT%d", source, port).isEqualTo(there.join());
    return here;
  }

  private static boolean open(String source, int port) throws IOException {
    try (Socket socket = new Socket()) {
      assertThat(outcome(socket, source, port)).hasSize(1);
      socket.setSoTimeout(SILENCE_MILLIS);
      return socket.getInputStream().read() >= 0;
    } catch (SocketTimeoutException open) {
      return true;
    }
  }

  private static String outcome(String source, int port) throws IOException {
    try (Socket socket = new Socket()) {
      return outcome(socket, source, port);
    }
  }

  /**
   * What becomes of a client: the name its target gives, "closed", or "refused" where nobody
   * listens.
   */
  private static String outcome(Socket socket, String source, int port) throws IOException {
    InetAddress from = InetAddress.ofLiteral(source);
    InetAddress to = InetAddress.ofLiteral(source.indexOf(':') < 0 ? "127.0.0.1" : "::1");
    socket.bind(new InetSocketAddress(from, 0));
    socket.setSoTimeout((int) Patience.millis(5_000));
    try {
      socket.connect(new InetSocketAddress(to, port));
      byte[] name = socket.getInputStream().readNBytes(1);
      return name.length == 0 ? "closed" : new String(name, StandardCharsets.US_ASCII);
    } catch (ConnectException e) {
      return "refused";
    } catch (SocketException reset) {
      return "closed";
    }
  }

  @Override
  public void close() {
    try {
      Closing.all(bouncer, this::endOther);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private void endOther() {
    if (other == null) {
      return;
    }
    List<ProcessHandle> children = other.descendants().toList();
    other.destroy();
    try {
      if (!other.waitFor(10, TimeUnit.SECONDS)) {
        other.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      other.destroyForcibly();
    }
    children.forEach(ProcessHandle::destroyForcibly);
  }
}
