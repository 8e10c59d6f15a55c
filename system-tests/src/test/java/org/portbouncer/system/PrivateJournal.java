package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * systemd's own journald, with a /run of its own in a mount namespace, so that nothing of it meets
 * the machine's. What it takes and keeps is what an operator finds there, with no systemd around.
 */
final class PrivateJournal implements AutoCloseable {
  /** Where /dev/log leads to on a machine with systemd. */
  static final String SYSLOG = "/run/systemd/journal/dev-log";

  private static final Path DAEMON = Path.of("/lib/systemd/systemd-journald");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Patience.seconds(20);

  private final Process daemon;
  private final Output output;

  private PrivateJournal(Process daemon) {
    this.daemon = daemon;
    output = new Output("journald", daemon.getInputStream());
  }

  /** Starts it; skips the test where that is not possible, and says why. */
  static PrivateJournal start() throws Exception {
    assumeTrue(Accounts.isRoot(), "only root can mount");
    assumeTrue(Files.isExecutable(DAEMON), DAEMON + " is missing (Debian: package systemd)");
    String script =
        """
        mount --make-rprivate /
        mount -t tmpfs none /run
        mkdir -p /run/systemd/journald.conf.d /run/log/journal
        printf '[Journal]\\nStorage=volatile\\nReadKMsg=no\\nForwardToSyslog=no\\nAudit=no\\n' \
          > /run/systemd/journald.conf.d/test.conf
        exec %s
        """
            .formatted(DAEMON);
    ProcessBuilder builder = new ProcessBuilder("unshare", "-m", "sh", "-ec", script);
    PrivateJournal journal = new PrivateJournal(builder.redirectErrorStream(true).start());
    try {
      Path socket = Path.of("/proc/" + journal.daemon.pid() + "/root/run/systemd/journal/stdout");
      await("journald")
          .atMost(PATIENCE)
          .until(() -> Files.exists(socket) || !journal.daemon.isAlive());
      assumeTrue(journal.daemon.isAlive(), "journald does not run here: " + journal.output.text());
      return journal;
    } catch (RuntimeException | Error e) {
      journal.close();
      throw e;
    }
  }

  private List<String> inside(String... command) {
    List<String> whole =
        new ArrayList<>(List.of("nsenter", "-t", Long.toString(daemon.pid()), "-m", "--"));
    whole.addAll(List.of(command));
    return whole;
  }

  /** What is to be put in front of a command, that it be started as a unit is. */
  List<String> asUnit(String name) {
    return inside(
        "systemd-cat",
        "-t",
        name,
        "sh",
        "-c",
        "export JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2); exec \"$0\" \"$@\"");
  }

  /** All entries so far, as {@code journalctl -o json} has them. */
  List<JsonNode> entries() throws Exception {
    CommandResult read =
        CommandResult.run(null, inside("journalctl", "--no-pager", "--output=json"));
    assertThat(read.exit()).as(read.allText()).isZero();
    List<JsonNode> entries = new ArrayList<>();
    for (String line : read.out()) {
      entries.add(JSON.readTree(line));
    }
    return entries;
  }

  @Override
  public void close() {
    daemon.destroy();
    daemon.onExit().join();
  }
}
