package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A running bouncer with all its processes. Closing it ends it with SIGTERM and fails when anything
 * is left: a process, its admin socket, an exit code other than 0.
 */
final class BouncerServer implements AutoCloseable {

  static final List<String> STAGES = List.of("negotiate", "acl", "connect", "bandwidth", "io");

  private static final Duration READY = Patience.seconds(60);
  private static final Duration END = Patience.seconds(20);

  private final Path config;
  private final Path socket;
  private final Process mother;

  /** What every process of this server has in its environment. */
  private final String mark;

  private final Output out;
  private final Output err;
  private final int number;
  private List<Long> tree = List.of();
  private boolean killed;
  private final Leaks leaks = new Leaks(this);

  private BouncerServer(Path config, Path socket, Process mother, String mark, int number) {
    this.number = number;
    this.mark = mark;
    this.config = config;
    this.socket = socket;
    this.mother = mother;
    out = new Output("bouncer stdout", mother.getInputStream());
    err = new Output("bouncer stderr", mother.getErrorStream());
  }

  /**
   * Starts a server and waits until it is ready.
   *
   * @param folder a folder of the test, for the configuration and the admin socket
   * @param body what stands inside {@code bouncer { }}, without the admin socket
   */
  static BouncerServer start(Path folder, String body) throws IOException {
    return start(folder, body, List.of(Checkout.command()), true);
  }

  /** The same in a shell that runs {@code shellSetup}, such as {@code ulimit -n 256}, before. */
  static BouncerServer startAfter(String shellSetup, Path folder, String body) throws IOException {
    String script = shellSetup + "; exec \"$0\" \"$@\"";
    return start(folder, body, List.of("sh", "-c", script, Checkout.command()), true);
  }

  /** The same where the setup sends standard output where nobody sees the ready line. */
  static BouncerServer startUnheard(String shellSetup, Path folder, String body)
      throws IOException {
    String script = shellSetup + "; exec \"$0\" \"$@\"";
    return start(folder, body, List.of("sh", "-c", script, Checkout.command()), false);
  }

  /** The same with another command in front, such as {@code setpriv}. */
  static BouncerServer startBy(List<String> before, Path folder, String body) throws IOException {
    return start(folder, body, concat(before, Checkout.command()), true);
  }

  /** The same where that command sends standard output where nobody sees the ready line. */
  static BouncerServer startUnheardBy(List<String> before, Path folder, String body)
      throws IOException {
    return start(folder, body, concat(before, Checkout.command()), false);
  }

  private static List<String> concat(List<String> before, String last) {
    List<String> command = new ArrayList<>(before);
    command.add(last);
    return command;
  }

  private static BouncerServer start(Path folder, String body, List<String> command, boolean heard)
      throws IOException {
    Path socket = folder.resolve("admin.sock");
    Path config = writeConfig(folder, body);
    List<String> whole = new ArrayList<>(command);
    whole.addAll(List.of("start", "-c", config.toString()));
    ProcessBuilder builder = new ProcessBuilder(whole).directory(folder.toFile());
    String mark = UUID.randomUUID().toString();
    builder.environment().put("BOUNCER_TEST", mark);
    Process mother = builder.start();
    int number = ClientAddresses.serverStarts();
    BouncerServer server =
        new BouncerServer(config, socket, mother, "BOUNCER_TEST=" + mark, number);
    try {
      server.awaitReady(heard);
    } catch (RuntimeException | Error e) {
      server.killEverything();
      throw e;
    }
    return server;
  }

  /**
   * Writes another configuration for this server and has it reload.
   *
   * @return the answer of the admin socket
   */
  JsonNode reload(String body) throws IOException {
    writeConfig(config.getParent(), body);
    return AdminClient.ask(socket, "reload");
  }

  /** As {@link #reload}, and fails where the server refuses. */
  int reloaded(String body) throws IOException {
    JsonNode answer = reload(body);
    assertThat(answer.path("reloaded").asBoolean()).as("%s", answer).isTrue();
    return answer.path("epoch").asInt();
  }

  /** Writes the configuration that {@link #start} would use, for commands that need only a file. */
  static Path writeConfig(Path folder, String body) throws IOException {
    Path config = folder.resolve("bouncer.conf");
    String admin = "  admin { socket = \"" + folder.resolve("admin.sock") + "\" }\n";
    if (!body.contains("spares")) {
      // One process less for each server, which would come some seconds after the others.
      admin += "  workers.spares = 0\n";
    }
    return Files.writeString(config, "bouncer {\n" + body.indent(2) + admin + "}\n");
  }

  private void awaitReady(boolean heard) {
    await("readiness")
        .atMost(READY)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> (heard ? readyLine().isPresent() : saysReady()) || !mother.isAlive());
    assertThat(heard ? readyLine().isPresent() : saysReady())
        .as("ready; stdout:%n%s%nstderr:%n%s", out.text(), err.text())
        .isTrue();
    tree = ProcessTree.of(mother.pid());
  }

  private boolean saysReady() {
    try {
      return status().path("ready").asBoolean();
    } catch (IOException e) {
      return false;
    }
  }

  Optional<String> readyLine() {
    return out.lines().stream().filter(line -> line.startsWith("bouncer ready: ")).findFirst();
  }

  /**
   * Remembers the descriptors that are open now. Called after a few sessions and commands, so that
   * what is made once and kept is already there.
   */
  void rememberDescriptors() throws IOException {
    leaks.remember();
  }

  /** Fails unless the session table is empty and every process holds what it held before. */
  void assertNothingLeaked() {
    leaks.assertNone();
  }

  void awaitNoSession() {
    awaitActive(0);
  }

  void awaitActive(int sessions) {
    await("status: limits.active == " + sessions)
        .atMost(Patience.seconds(15))
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(
            () -> assertThat(status().path("limits").path("active").asInt(-1)).isEqualTo(sessions));
  }

  long pid() {
    return mother.pid();
  }

  Path config() {
    return config;
  }

  Path socket() {
    return socket;
  }

  Output out() {
    return out;
  }

  Output err() {
    return err;
  }

  /** The mother and its workers, as they were when the server became ready. */
  List<Long> processes() {
    return tree;
  }

  JsonNode status() throws IOException {
    return AdminClient.ask(socket, "status");
  }

  /** The live sessions, as the admin socket lists them. */
  JsonNode sessions() throws IOException {
    return list(AdminClient.ask(socket, "sessions"));
  }

  /** The members of groups, as the admin socket lists them. */
  JsonNode targets() throws IOException {
    return list(AdminClient.ask(socket, "targets"));
  }

  /** An answer is the list itself, or an object that holds it. */
  private static JsonNode list(JsonNode answer) {
    return answer.isArray() ? answer : answer.path("sessions");
  }

  /** Pids of the workers of one stage. */
  List<Long> workers(String stage) throws IOException {
    return elements(status().path("workers"))
        .filter(worker -> worker.path("stage").asText().equals(stage))
        .map(worker -> worker.path("pid").asLong())
        .toList();
  }

  /** Has the sessions of a network ended, as {@code bouncer kill --from} does. */
  void killFrom(String network) throws IOException {
    JsonNode answer = AdminClient.ask(socket, "kill --from " + network);
    assertThat(answer.has("error")).as("the answer is %s", answer).isFalse();
  }

  /** Runs a command of bin/bouncer against this server. */
  CommandResult command(String... arguments) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("-s", socket.toString()));
    return CommandResult.bouncer(all.toArray(String[]::new));
  }

  /** {@code bouncer sessions --json} with these options. */
  JsonNode sessionsCommand(String... options) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("sessions", "--json"));
    arguments.addAll(List.of(options));
    return command(arguments.toArray(String[]::new)).json();
  }

  /** The live session of this client ("127.0.0.1:40000"), once there is one in this state. */
  JsonNode awaitSession(String client) {
    return await("the session of " + client)
        .atMost(Patience.seconds(10))
        .pollInterval(Duration.ofMillis(10))
        .until(() -> sessionOf(client), Optional::isPresent)
        .orElseThrow();
  }

  /** The live session of this client, if the server still knows it. */
  Optional<JsonNode> sessionOf(String client) throws IOException {
    return elements(sessions()).filter(s -> s.path("client").asText().equals(client)).findFirst();
  }

  static Stream<JsonNode> elements(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  /** Access log lines so far that match. */
  List<AccessLine> accessLines(Predicate<AccessLine> which) {
    return out.lines().stream()
        .map(AccessLine::parse)
        .flatMap(Optional::stream)
        .filter(which)
        .toList();
  }

  /** Waits for words in the server's log, which comes from a thread of its own. */
  void awaitLog(String words) {
    await("the log to say: " + words)
        .atMost(Patience.seconds(20))
        .until(() -> err().text().contains(words));
  }

  /** The one {@code end} line of the session with this id. */
  AccessLine awaitEnd(String id) {
    return awaitOneEnd("id " + id, line -> line.id().equals(id));
  }

  /** The one {@code end} line of the session of this client address. */
  AccessLine awaitEndOf(String client) {
    return awaitOneEnd("client " + client, line -> line.client().equals(client));
  }

  private AccessLine awaitOneEnd(String what, Predicate<AccessLine> which) {
    List<AccessLine> found =
        await("the end line of " + what)
            .atMost(Patience.seconds(20))
            .pollInterval(Duration.ofMillis(20))
            .until(() -> accessLines(line -> line.isEnd() && which.test(line)), l -> !l.isEmpty());
    assertThat(found).as("end lines of %s", what).hasSize(1);
    return found.getFirst();
  }

  /** Sends a signal by its name, such as TERM or INT. */
  void signal(String name) throws IOException, InterruptedException {
    Signals.send(name, mother.pid());
  }

  /** Waits until the server has ended and fails when anything is left of it. */
  int awaitExit() {
    try {
      assertThat(mother.waitFor(END.toSeconds(), TimeUnit.SECONDS))
          .as("the mother has ended; stderr:%n%s", err.text())
          .isTrue();
      out.awaitEnd();
      err.awaitEnd();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    await("no process is left")
        .atMost(Patience.seconds(5))
        .untilAsserted(
            () -> {
              assertThat(tree).noneMatch(ProcessTree::isAlive);
              assertThat(ProcessTree.withEnvironment(mark)).isEmpty();
            });
    assertThat(socket).as("admin socket").doesNotExist();
    return mother.exitValue();
  }

  /** Kills the mother as kill -9 does; her workers go on. */
  void killMother() throws InterruptedException {
    killed = true;
    mother.destroyForcibly();
    mother.waitFor();
  }

  /** Waits until the mother has ended by herself and left her workers to finish their sessions. */
  void awaitHandOver() throws InterruptedException {
    assertThat(mother.waitFor(END.toSeconds(), TimeUnit.SECONDS))
        .as("the mother has ended; stderr:%n%s", err.text())
        .isTrue();
    assertThat(mother.exitValue()).as("exit code; stderr:%n%s", err.text()).isZero();
    killed = true;
  }

  /** Waits until none of the workers is left whose mother was killed. */
  void awaitOrphansEnd(Duration most) {
    await("the end of all orphans")
        .atMost(most)
        .untilAsserted(() -> assertThat(ProcessTree.withEnvironment(mark)).isEmpty());
  }

  boolean isRunning() {
    return mother.isAlive();
  }

  @Override
  public void close() {
    try {
      if (killed) {
        awaitOrphansEnd(END);
        return;
      }
      if (mother.isAlive()) {
        tree = ProcessTree.of(mother.pid());
        mother.destroy();
      }
      assertThat(awaitExit()).as("exit code; stderr:%n%s", err.text()).isZero();
    } finally {
      killEverything();
    }
  }

  private void killEverything() {
    for (long pid : ProcessTree.withEnvironment(mark)) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
    mother.destroyForcibly();
    ClientAddresses.serverEnded(number);
  }
}
