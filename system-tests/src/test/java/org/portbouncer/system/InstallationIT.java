package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The program as it is installed: where it lies, what it may write, and what is replaced there. */
@Isolated
class InstallationIT {
  private static final Path LIB = Checkout.root().resolve("bouncer-launcher/target/bouncer/lib");

  @TempDir private Path folder;

  /** A copy of the program without its sources, in a folder of that name. */
  private Path install(String name) throws IOException {
    Path home = Files.createDirectories(folder.resolve(name));
    copy(Checkout.root().resolve("bin"), Files.createDirectory(home.resolve("bin")));
    copy(LIB, Files.createDirectory(home.resolve("lib")));
    return home;
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(
            file, to.resolve(file.getFileName().toString()), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  private static List<Path> jars(Path home) throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("lib"))) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
  }

  @Test
  void shouldSayInALineThatAColonInItsPathIsTooMuch() throws Exception {
    Path home = install("a:b");
    CommandResult result =
        CommandResult.run(folder, List.of(home.resolve("bin/bouncer").toString(), "--help"));
    assertThat(result.exit()).isEqualTo(1);
    assertThat(result.err()).singleElement().asString().contains("a:b").contains("':'");
    assertThat(result.outText()).isEmpty();
  }

  // The class cache.

  /** A Java that shows what it was called with. */
  private Path javaThatShows() throws IOException {
    Path java = folder.resolve("jdk");
    Path program = Files.createDirectories(java.resolve("bin")).resolve("java");
    Files.writeString(
        java.resolve("release"), "JAVA_VERSION=\"25\"\nJAVA_RUNTIME_VERSION=\"25+1\"\n");
    Files.writeString(program, "#!/bin/sh\necho \"$@\"\n");
    assertThat(program.toFile().setExecutable(true)).isTrue();
    return java;
  }

  private String called(Path home, Path java) throws Exception {
    CommandResult result =
        CommandResult.run(
            folder,
            List.of(
                "env",
                "BOUNCER_JAVA_HOME=" + java,
                home.resolve("bin/bouncer").toString(),
                "status"));
    assertThat(result.exit()).as(result.allText()).isZero();
    return result.outText();
  }

  /** As bin/make-cache leaves it: what it was made of stands beside the jars. */
  private static void pretendThatACacheWasMade(Path home) throws Exception {
    Path cache = Files.createDirectories(home.resolve("cache/0123456789abcdef-25+1"));
    Files.writeString(cache.resolve("command.aot"), "");
    CommandResult jars =
        CommandResult.run(home.resolve("lib"), List.of("sh", "-c", ". ../bin/find-java && jars ."));
    assertThat(jars.exit()).as(jars.allText()).isZero();
    Files.writeString(home.resolve("lib/content"), "0123456789abcdef\n" + jars.outText() + "\n");
  }

  @Test
  void shouldUseAClassCacheForTheJarsAloneThatItWasMadeOf() throws Exception {
    Path home = install("edge");
    Path java = javaThatShows();
    pretendThatACacheWasMade(home);
    assertThat(called(home, java)).contains("-XX:AOTCache=").contains("-Dbouncer.cache=" + home);

    Path jar = jars(home).getFirst();
    FileTime time = Files.getLastModifiedTime(jar);
    Files.setLastModifiedTime(jar, FileTime.fromMillis(time.toMillis() + 60_000));
    assertThat(called(home, java)).as("another time").doesNotContain("AOTCache");
    assertThat(called(home, java)).as("for workers").contains("-Dbouncer.cache= ");
    Files.setLastModifiedTime(jar, time);
    assertThat(called(home, java)).contains("AOTCache");

    Files.write(jar, new byte[] {1}, StandardOpenOption.APPEND);
    Files.setLastModifiedTime(jar, time);
    assertThat(called(home, java)).as("another size").doesNotContain("AOTCache");
    copy(LIB, home.resolve("other"), jar);
    assertThat(called(home, java)).contains("AOTCache");

    Path more = Files.copy(jar, jar.resolveSibling("zz.jar"));
    assertThat(called(home, java)).as("one more").doesNotContain("AOTCache");
    Files.delete(more);
    Files.move(jar, jar.resolveSibling("aa.jar"));
    assertThat(called(home, java)).as("another name").doesNotContain("AOTCache");
  }

  /** Puts a jar back as it was. */
  private static void copy(Path lib, Path by, Path jar) throws IOException {
    Files.copy(lib.resolve(jar.getFileName().toString()), by, StandardCopyOption.COPY_ATTRIBUTES);
    Files.move(by, jar, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Writes the same jar once more, with one more entry, in its place. */
  private static void change(Path jar) throws IOException {
    Path changed = jar.resolveSibling("changed");
    try (ZipFile old = new ZipFile(jar.toFile());
        OutputStream file = Files.newOutputStream(changed);
        ZipOutputStream out = new ZipOutputStream(file)) {
      for (ZipEntry entry : Collections.list(old.entries())) {
        out.putNextEntry(new ZipEntry(entry.getName()));
        old.getInputStream(entry).transferTo(out);
      }
      out.putNextEntry(new ZipEntry("another-build"));
    }
    Files.move(changed, jar, StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void shouldRefuseAWorkerOfAnotherBuildInWords() throws Exception {
    Path home = install("edge");
    int port = Ports.free();
    List<String> command =
        List.of("sh", "-c", "shift; exec \"$0\" \"$@\"", home.resolve("bin/bouncer").toString());
    try (BouncerServer server =
        BouncerServer.startBy(
            command,
            folder,
            """
            listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
            workers { io = 1 }
            """
                .formatted(port))) {
      Path jar =
          jars(home).stream()
              .filter(file -> file.getFileName().toString().startsWith("bouncer-io-"))
              .findFirst()
              .orElseThrow();
      change(jar);
      Signals.send("KILL", server.workers("io").getFirst());
      await("words on the other build")
          .atMost(Patience.seconds(30))
          .until(() -> server.err().text().contains("is of another build ("));
      assertThat(server.err().text()).contains("restart the server");
      copy(LIB, home.resolve("other"), jar);
      try (Client client = Client.to(port)) {
        client.patience(60_000);
        client.echo("served by one of the same build");
      }
    }
  }

  // What `ps` shows, and what a start says of the class cache.

  private static final int READABLE = 400;

  private static String body(int port) {
    return """
    listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
    workers { io = 1 }
    """
        .formatted(port);
  }

  /** The words of a process's command line. */
  private static String commandLine(long pid) throws IOException {
    return Files.readString(Path.of("/proc/" + pid + "/cmdline")).replace('\0', ' ').strip();
  }

  @Test
  void shouldShowCommandsInPsThatCanBeReadWhereverItLies() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root can become another user");
    Path home = install("a place of its own");
    Accounts.open(folder);
    Path files = Files.createDirectory(folder.resolve("files"));
    Accounts.give(files, Accounts.USER);
    CommandResult.run(folder, List.of("chmod", "-R", "a+rX,a-w", home.toString()));
    int port = Ports.free();
    List<String> asAnother =
        Accounts.as(Accounts.USER, "sh", "-c", "shift; exec \"$0\" \"$@\"", home + "/bin/bouncer");
    try (BouncerServer server = BouncerServer.startBy(asAnother, files, body(port))) {
      try (Client client = Client.to(port)) {
        client.echo("from a path with spaces");
      }
      for (long pid : server.processes()) {
        String line = commandLine(pid);
        String own = line.replace(home.toString(), "").replace(files.toString(), "");
        assertThat(own).as(line).hasSizeLessThan(READABLE).doesNotContain("CompileCommand");
      }
      String environment =
          Files.readString(Path.of("/proc/" + server.workers("io").getFirst() + "/environ"));
      assertThat(environment).as("a worker's").doesNotContain("CLASSPATH=");
      assertThat(server.err().text()).doesNotContain("class cache");
    }
  }

  /** The server's log at its start, with a cache that was made for other classes. */
  private String logOfStart(Path home, String... environment) throws Exception {
    int port = Ports.free();
    List<String> command = new ArrayList<>(List.of("env"));
    command.addAll(List.of(environment));
    command.addAll(List.of("sh", "-c", "shift; exec \"$0\" \"$@\"", home + "/bin/bouncer"));
    try (BouncerServer server = BouncerServer.startBy(command, folder, body(port))) {
      await("a word on the class cache")
          .atMost(Patience.seconds(20))
          .until(() -> server.err().text().contains("class cache"));
      try (Client client = Client.to(port)) {
        client.echo("served all the same");
      }
      return server.err().text();
    }
  }

  @Test
  void shouldSayOnceThatAClassCacheIsNotUsedAndWhy() throws Exception {
    Path home = install("edge");
    Path release = Path.of(System.getProperty("java.home"), "release");
    String version =
        Files.readAllLines(release).stream()
            .filter(line -> line.startsWith("JAVA_RUNTIME_VERSION="))
            .map(line -> line.substring(line.indexOf('"') + 1, line.lastIndexOf('"')))
            .findFirst()
            .orElseThrow();
    pretendThatACacheWasMade(home);
    Path cache = home.resolve("cache/0123456789abcdef-25+1");
    for (String role : List.of("mother", "negotiate", "acl", "connect", "bandwidth", "io")) {
      Files.writeString(cache.resolve(role + ".aot"), "");
    }
    String java = "BOUNCER_JAVA_HOME=" + System.getProperty("java.home");

    String ofAnother = logOfStart(home, java);
    assertThat(ofAnother)
        .containsOnlyOnce("the class cache is not used, and starts take longer: it was made for")
        .contains("another JDK than " + version);

    Files.move(cache, cache.resolveSibling("0123456789abcdef-" + version));
    assertThat(logOfStart(home, java))
        .containsOnlyOnce("class cache")
        .contains("dropped it in mother, negotiate, acl, connect, bandwidth, io");

    Path jar = jars(home).getFirst();
    Files.setLastModifiedTime(jar, FileTime.fromMillis(1_000_000_000_000L));
    assertThat(logOfStart(home, java))
        .containsOnlyOnce("class cache")
        .contains("the jars in " + home.resolve("lib") + " are not those it was made of");
  }

  // Options of the JVMs.

  private CommandResult startWith(String options) throws IOException, InterruptedException {
    Path file =
        BouncerServer.writeConfig(
            folder, "listeners { l { listen = \"127.0.0.1:0\", target = \"internal:echo\" } }");
    String start = Checkout.command() + " start -c " + file;
    CommandResult result =
        CommandResult.run(folder, List.of("sh", "-c", "exec env " + options + " " + start));
    assertThat(result.exit()).as(result.allText()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(result.leftBehind()).isEmpty();
    assertThat(folder.resolve("admin.sock")).doesNotExist();
    return result;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-XX:+UseFooGC | Unrecognized VM option 'UseFooGC'",
        "-Xms1g -Xmx4m | Initial heap size set to a larger value than the maximum heap size",
        "-javaagent:/nosuch.jar | Error opening zip file or JAR manifest missing : /nosuch.jar",
      })
  void shouldEndTheStartInWordsWhenAWorkersJvmDoesNotTakeAnOption(String options, String words)
      throws Exception {
    CommandResult result = startWith("BOUNCER_WORKER_JAVA_OPTS='" + options + "'");
    assertThat(result.err())
        .last()
        .asString()
        .matches(
            "bouncer: worker [a-z]+/[0-9] does not start with BOUNCER_WORKER_JAVA_OPTS="
                + Pattern.quote(options + ": " + words)
                + ".*");
    assertThat(result.allText()).as("none is started again").doesNotContain("next start in");
  }

  @Test
  void shouldEndTheStartInWordsWhenTheMothersJvmDoesNotTakeAnOption() throws Exception {
    assertThat(startWith("BOUNCER_JAVA_OPTS=-XX:+UseFooGC").err())
        .first()
        .isEqualTo("Unrecognized VM option 'UseFooGC'");
  }

  // Where nothing may be written.

  /** What has a command run where nothing may be written but in one folder, if that can be. */
  private static List<String> inReadOnlyRoot(Path place) throws Exception {
    List<String> before =
        List.of(
            "env",
            "HOME=/nonexistent",
            "unshare",
            "-m",
            "sh",
            "-ec",
            "mount --make-rprivate /; mount -t tmpfs -o noexec,mode=1777 none /tmp;"
                + " mount --bind '%1$s' '%1$s'; mount -o remount,bind,ro /; exec \"$@\""
                    .formatted(place),
            "sh");
    CommandResult possible =
        CommandResult.run(null, concat(before, List.of("sh", "-c", "! echo >/probe")));
    assumeTrue(possible.exit() == 0, "no mounts here: " + possible.allText());
    return before;
  }

  @Test
  void shouldServeWhereNothingMayBeWrittenButWhatIsConfigured() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root can mount");
    // Not in /tmp, which is hidden; and near, for the path of a socket is short.
    Path place = Files.createTempDirectory(Checkout.root().resolve("system-tests/target"), "ro");
    List<String> inReadOnlyRoot = inReadOnlyRoot(place);
    int port = Ports.free();
    int metrics = Ports.free();
    try (BouncerServer server =
        BouncerServer.startBy(
            inReadOnlyRoot,
            place,
            """
            listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
            metrics { listen = "127.0.0.1:%d" }
            log { access { to = "file:%s" } }
            """
                .formatted(port, metrics, place.resolve("access.log")))) {
      try (Client client = Client.to(port)) {
        client.echo("from a read-only root");
      }
      assertThat(Scrape.of(metrics).values()).isNotEmpty();
      CommandResult status =
          CommandResult.run(
              null,
              concat(
                  inReadOnlyRoot,
                  List.of(Checkout.command(), "status", "-s", server.socket().toString())));
      assertThat(status.exit()).as(status.allText()).isZero();
      server.reloaded(
          "listeners { echo { listen = \"127.0.0.1:%d\", target = \"internal:http\" } }"
              .formatted(port));
      try (Stream<Path> temporary = Files.list(Path.of("/proc/" + server.pid() + "/root/tmp"))) {
        assertThat(temporary).as("left in /tmp").isEmpty();
      }
      assertThat(server.err().text()).doesNotContain("Exception").doesNotContain("\tat ");
    }
    try (Stream<Path> left = Files.list(place)) {
      assertThat(left.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("bouncer.conf", "access.log");
    }
  }

  private static List<String> concat(List<String> first, List<String> then) {
    List<String> all = new ArrayList<>(first);
    all.addAll(then);
    return all;
  }
}
