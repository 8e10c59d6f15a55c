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

  /**
   * As {@link #send}, to one that may end by itself at any moment.
   *
   * @return false where it has
   */
  static boolean sendIfThere(String name, long pid) throws IOException, InterruptedException {
    CommandResult kill = CommandResult.run(null, List.of("kill", "-" + name, Long.toString(pid)));
    assertThat(kill.exit() == 0 || ProcessHandle.of(pid).isEmpty()).as(kill.allText()).isTrue();
    return kill.exit() == 0;
  }
}
