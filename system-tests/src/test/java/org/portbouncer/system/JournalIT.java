package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the unit's surroundings do to the logs: the journal on standard error, a strict umask. */
class JournalIT {

  @TempDir Path folder;

  private static String config(String rest) {
    return """
    listeners { echo { listen = "127.0.0.1:%d", target = "internal:echo" } }
    workers { io = 1 }
    %s
    """
        .formatted(Ports.free(), rest);
  }

  @Test
  void shouldLeaveTimeAndPriorityToTheJournalWhenThatTakesStderr() throws Exception {
    Path journal = folder.resolve("journal");
    String setup =
        "exec 2>'%s'; JOURNAL_STREAM=$(stat -c %%d:%%i '%s'); export JOURNAL_STREAM"
            .formatted(journal, journal);
    try (BouncerServer server = BouncerServer.startAfter(setup, folder, config(""))) {
      await("what the workers said, too")
          .untilAsserted(() -> assertThat(Files.readString(journal)).contains("worker io/0 ready"));
      assertThat(server.status().path("ready").asBoolean()).isTrue();
      List<String> lines = Files.readAllLines(journal);
      assertThat(lines).allMatch(line -> line.matches("<[3467]>(ERROR|WARN |INFO |DEBUG) .*"));
      assertThat(lines).anyMatch(line -> line.startsWith("<4>WARN "));
    }
  }

  @Test
  void shouldMakeTheAccessLogReadableForItsGroupWhateverTheUmask() throws Exception {
    Path log = folder.resolve("access.log");
    String access = "log { access { to = \"file:%s\" } }".formatted(log);
    try (BouncerServer server = BouncerServer.startAfter("umask 0077", folder, config(access))) {
      assertThat(server.status().path("ready").asBoolean()).isTrue();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(log)))
          .isEqualTo("rw-r-----");
    }
  }

  @Test
  void shouldStandInTheRealJournalWithTruePriorities() throws Exception {
    int port = Ports.free();
    int gone = Ports.free();
    String config =
        """
        listeners {
          echo { listen = "127.0.0.1:%d", target = "internal:echo" }
          gone { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
        }
        acls { unused = [ { name = all, action = pass } ] }
        workers { io = 1 }
        log { access { to = syslog, syslog = "%s" } }
        """
            .formatted(port, gone, Ports.free(), PrivateJournal.SYSLOG);
    try (PrivateJournal journal = PrivateJournal.start();
        BouncerServer server =
            BouncerServer.startUnheardBy(journal.asUnit("bouncer"), folder, config)) {
      try (Client client = Client.to(port);
          Client refused = Client.to(gone)) {
        client.echo("hello");
        assertThat(refused.in().read()).isEqualTo(-1);
      }
      server.awaitNoSession();
      await("what the mother, her workers and their access log say")
          .atMost(Patience.seconds(20))
          .untilAsserted(
              () ->
                  assertThat(messages(journal))
                      .anyMatch(line -> line.startsWith("6 stdout bouncer ready: "))
                      .anyMatch(line -> line.matches("6 stdout INFO .*worker io/0 ready.*"))
                      .anyMatch(line -> line.matches("4 stdout WARN .*unused.*"))
                      .anyMatch(line -> line.matches("6 syslog ts=.*listener=echo .*result=ok .*"))
                      .anyMatch(line -> line.matches("4 syslog ts=.*listener=gone .*")));
      assertThat(messages(journal))
          .as("no time nor priority beside the journal's")
          .noneMatch(line -> line.matches("\\d \\S+ (<\\d>|20\\d\\d-).*"));
    }
  }

  /** Of each entry under our identifier its priority, the way it came, and its text. */
  private static List<String> messages(PrivateJournal journal) throws Exception {
    return journal.entries().stream()
        .filter(entry -> entry.path("SYSLOG_IDENTIFIER").asText().equals("bouncer"))
        .map(
            entry ->
                entry.path("PRIORITY").asText()
                    + " "
                    + entry.path("_TRANSPORT").asText()
                    + " "
                    + entry.path("MESSAGE").asText())
        .toList();
  }
}
