package org.portbouncer.system;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Kills and stops workers of a server, in an order that its seed decides. */
final class ChaosMonkey {
  private static final int MOST_PAUSE_MILLIS = 1_000;

  /** Well below what makes a stopped worker one that hangs. */
  private static final int MOST_STOP_MILLIS = 1_000;

  private final BouncerServer server;
  private final Random random;
  private int kills;
  private int stops;

  ChaosMonkey(BouncerServer server, Random random) {
    this.server = server;
    this.random = random;
  }

  int kills() {
    return kills;
  }

  int stops() {
    return stops;
  }

  /** Does one thing and waits for a moment. */
  void act() throws IOException, InterruptedException {
    int what = random.nextInt(100);
    if (what < 60) {
      long victim = someWorker();
      if (victim > 0) {
        kill(victim);
      }
    } else if (what < 70) {
      // Two at once: what one had sent, and the other had not yet taken.
      kill(someWorker());
      kill(someWorker());
    } else if (what < 95) {
      stop(someWorker(), random.nextInt(MOST_STOP_MILLIS));
    } else {
      stop(server.pid(), random.nextInt(MOST_STOP_MILLIS));
    }
    Pause.millis(random.nextInt(MOST_PAUSE_MILLIS));
  }

  /** One that serves, if there is one. */
  private long someWorker() throws IOException {
    List<Long> ready = new ArrayList<>();
    for (JsonNode worker : server.status().path("workers")) {
      if (worker.path("state").asText().equals("ready")) {
        ready.add(worker.path("pid").asLong());
      }
    }
    return ready.isEmpty() ? 0 : ready.get(random.nextInt(ready.size()));
  }

  private void kill(long pid) {
    if (pid > 0 && ProcessHandle.of(pid).map(ProcessHandle::destroyForcibly).orElse(false)) {
      kills++;
    }
  }

  private void stop(long pid, int millis) throws IOException, InterruptedException {
    if (pid > 0) {
      Signals.send("STOP", pid);
      try {
        Pause.millis(millis);
      } finally {
        Signals.send("CONT", pid);
      }
      stops++;
    }
  }
}
