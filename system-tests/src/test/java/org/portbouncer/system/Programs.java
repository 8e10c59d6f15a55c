package org.portbouncer.system;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Programs that people have beside the bouncer, started in the foreground with their files in a
 * folder of the test. A test whose program is missing is skipped.
 */
final class Programs {
  private static final List<String> PLACES =
      List.of("/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/lib/postfix/sbin/");

  private final Path folder;
  private final List<Process> running = new ArrayList<>();

  /**
   * @param folder for their files; every user may enter it, as some programs become another one
   */
  Programs(Path folder) throws IOException {
    this.folder = folder;
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Where a program is; the test is skipped where it is not installed. */
  static String path(String name) {
    for (String in : PLACES) {
      if (Files.isExecutable(Path.of(in + name))) {
        return in + name;
      }
    }
    assumeTrue(false, name + " is not installed");
    return "";
  }

  Path folder() {
    return folder;
  }

  /** Writes a file of a program, and says where it is. */
  String file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }

  /** Runs a command to its end, which is a good one. */
  void prepare(String program, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(program));
    command.addAll(List.of(arguments));
    CommandResult result = CommandResult.run(folder, command);
    if (result.exit() != 0) {
      throw new IOException(String.join(" ", command) + ": " + result.allText());
    }
  }

  /** Starts a command and waits until it listens on this port of loopback, which it gives back. */
  int run(int port, String... command) throws IOException {
    Path log = folder.resolve("program-" + running.size() + ".log");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    running.add(process);
    await(command[0])
        .atMost(Patience.seconds(30))
        .until(
            () -> {
              if (!process.isAlive()) {
                throw new IOException(
                    String.join(" ", command) + " ended:\n" + Files.readString(log));
              }
              return listens(port);
            });
    return port;
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(Client.LOOPBACK, port), 1000);
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  /** Ends them all, and the processes they have started. */
  void stop() throws InterruptedException {
    for (Process process : running) {
      List<ProcessHandle> all =
          Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
      process.destroy();
      process.waitFor(Patience.seconds(5).toMillis(), TimeUnit.MILLISECONDS);
      all.forEach(ProcessHandle::destroyForcibly);
      process.waitFor();
    }
    running.clear();
  }
}
