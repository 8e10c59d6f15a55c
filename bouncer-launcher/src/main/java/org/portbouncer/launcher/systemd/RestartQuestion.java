package org.portbouncer.launcher.systemd;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Whether systemd stops the service in order to start it again. What it sends is the same TERM for
 * a stop and for a restart; which of them it is stands in its list of jobs. In the mother, on a
 * thread of its own: the answer takes some milliseconds, and a busy manager longer.
 */
public final class RestartQuestion {

  /** The unit's name, from the unit file. */
  public static final String UNIT = "BOUNCER_UNIT";

  private static final String SYSTEM_MANAGER = "/run/systemd/";
  private static final long PATIENCE_MS = 1000;
  private static final int MOST_BYTES = 16 * 1024;

  private final String unit;
  private final boolean ofSystem;

  /**
   * @param environment of the process
   */
  public RestartQuestion(Map<String, String> environment) {
    String socket = environment.getOrDefault("NOTIFY_SOCKET", "");
    unit = socket.isEmpty() ? "" : environment.getOrDefault(UNIT, "");
    ofSystem = !socket.startsWith("/") || socket.startsWith(SYSTEM_MANAGER);
  }

  /** Whether there is anybody to ask. */
  public boolean canBeAsked() {
    return !unit.isEmpty();
  }

  /** Asks and waits for the answer; no where none comes. */
  public boolean isRestart() {
    try {
      Process systemctl = start();
      try {
        byte[] answer = systemctl.getInputStream().readNBytes(MOST_BYTES);
        return systemctl.waitFor(PATIENCE_MS, TimeUnit.MILLISECONDS)
            && systemctl.exitValue() == 0
            && namesRestart(new String(answer, StandardCharsets.UTF_8));
      } finally {
        systemctl.destroyForcibly();
      }
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private Process start() throws IOException {
    // timeout(1), because a read of what systemctl says cannot be given up.
    String seconds = Long.toString(PATIENCE_MS / 1000);
    List<String> list = List.of("list-jobs", "--no-legend", "--plain", "--full", "--", unit);
    ProcessBuilder builder = new ProcessBuilder();
    builder.command(new ArrayList<>(List.of("timeout", "-s", "KILL", seconds, "systemctl")));
    if (!ofSystem) {
      builder.command().add("--user");
    }
    builder.command().addAll(list);
    builder.environment().keySet().removeAll(Notifier.VARIABLES);
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    Process process = builder.start();
    process.getOutputStream().close();
    return process;
  }

  /** Lines are: number, unit, type, state. */
  boolean namesRestart(String jobs) {
    return jobs.lines()
        .map(line -> line.strip().split("\\s+"))
        .anyMatch(w -> w.length >= 3 && w[1].equals(unit) && w[2].equals("restart"));
  }
}
