package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** kill(1), for signals that Java cannot send. */
final class Signals {
  private Signals() {}

  /** Sends a signal by its name, such as KILL or STOP. */
  static void send(String name, long... pids) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("kill", "-" + name));
    for (long pid : pids) {
      command.add(Long.toString(pid));
    }
    CommandResult kill = CommandResult.run(null, command);
    assertThat(kill.exit()).as(kill.allText()).isZero();
  }
}
