package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;

/**
 * Kills and stops workers of a server, reloads it and changes its limits, in an order that its seed
 * decides. Its deeds are cards of a deck, so that every kind of worker gets its share.
 */
final class ChaosMonkey {
  /** Well below what makes a stopped worker one that hangs. */
  private static final int MOST_STOP_MILLIS = 700;

  private enum Act {
    KILL,
    /** Two at once: what one had sent, and the other had not yet taken. */
    KILL_TWO,
    STOP,
    STOP_AND_KILL,
    STOP_MOTHER,
    RELOAD,
    LIMIT,
    MOVE,
    UPGRADE
  }

  private record Card(Act act, String stage) {}

  private final BouncerServer server;
  private final Random random;
  private final int mostPauseMillis;
  private final boolean withUpgrades;
  private final IntFunction<String> configurations;
  private final Deque<Card> deck = new ArrayDeque<>();

  /** Whose turn was when: the one spared the longest comes next. */
  private final Map<String, Integer> turns = new HashMap<>();

  private int turn;

  private CompletableFuture<JsonNode> reloading = CompletableFuture.completedFuture(null);
  private CompletableFuture<CommandResult> upgrading = CompletableFuture.completedFuture(null);
  private int kills;
  private int stops;
  private int reloads;
  private int limits;
  private int moves;
  private int upgrades;

  /**
   * @param mostPauseMillis between two deeds
   * @param withUpgrades whether another server follows now and then
   * @param configurations what a reload with that number brings; has a class {@code wide}
   */
  ChaosMonkey(
      BouncerServer server,
      Random random,
      int mostPauseMillis,
      boolean withUpgrades,
      IntFunction<String> configurations) {
    this.withUpgrades = withUpgrades;
    this.server = server;
    this.random = random;
    this.mostPauseMillis = mostPauseMillis;
    this.configurations = configurations;
    shuffle();
  }

  int kills() {
    return kills;
  }

  @Override
  public String toString() {
    return "%d workers killed, %d stopped, %d reloads, %d limits changed, %d moves, %d upgrades"
        .formatted(kills, stops, reloads, limits, moves, upgrades);
  }

  private void shuffle() {
    List<Card> cards = new ArrayList<>();
    for (String stage : BouncerServer.STAGES) {
      cards.add(new Card(Act.KILL, stage));
      cards.add(new Card(Act.KILL, stage));
      cards.add(new Card(Act.STOP, stage));
    }
    cards.add(new Card(Act.KILL_TWO, someStage()));
    cards.add(new Card(Act.STOP_AND_KILL, someStage()));
    cards.add(new Card(Act.STOP_MOTHER, ""));
    cards.addAll(Collections.nCopies(3, new Card(Act.RELOAD, "")));
    cards.addAll(Collections.nCopies(3, new Card(Act.LIMIT, "")));
    cards.addAll(Collections.nCopies(2, new Card(Act.MOVE, "")));
    if (withUpgrades) {
      cards.add(new Card(Act.UPGRADE, ""));
    }
    Collections.shuffle(cards, random);
    deck.addAll(cards);
  }

  private String someStage() {
    return BouncerServer.STAGES.get(random.nextInt(BouncerServer.STAGES.size()));
  }

  /**
   * Does one thing and waits for a moment.
   *
   * @return whether a deck is through, and every kind of worker has had its share
   */
  boolean act() throws IOException, InterruptedException {
    Card card = deck.remove();
    switch (card.act) {
      case KILL -> kill(someWorker(card.stage));
      case KILL_TWO -> {
        kill(someWorker(card.stage));
        kill(someWorker(someStage()));
      }
      case STOP -> stop(someWorker(card.stage), false);
      case STOP_AND_KILL -> stop(someWorker(card.stage), true);
      case STOP_MOTHER -> stop(mother(), false);
      case RELOAD -> reload();
      case LIMIT -> limit();
      case MOVE -> move();
      case UPGRADE -> upgrade();
    }
    Pause.millis(random.nextInt(mostPauseMillis));
    if (deck.isEmpty()) {
      shuffle();
      return true;
    }
    return false;
  }

  /** The one that serves and was spared the longest; 0 where there is none. */
  private long someWorker(String stage) throws IOException {
    return BouncerServer.elements(server.status().path("workers"))
        .filter(worker -> worker.path("stage").asText().equals(stage))
        .filter(worker -> worker.path("state").asText().equals("ready"))
        .min(Comparator.comparing(worker -> turns.getOrDefault(name(worker), 0)))
        .map(
            worker -> {
              turns.put(name(worker), ++turn);
              return worker.path("pid").asLong();
            })
        .orElse(0L);
  }

  private static String name(JsonNode worker) {
    return worker.path("stage").asText() + "/" + worker.path("index").asText();
  }

  private void kill(long pid) {
    if (pid > 0 && ProcessHandle.of(pid).map(ProcessHandle::destroyForcibly).orElse(false)) {
      kills++;
    }
  }

  private void stop(long pid, boolean forGood) throws IOException, InterruptedException {
    // A reload to fewer workers may have let it go since.
    if (pid > 0 && Signals.sendIfThere("STOP", pid)) {
      stops++;
      try {
        Pause.millis(random.nextInt(MOST_STOP_MILLIS));
      } finally {
        if (forGood) {
          kill(pid);
        } else {
          Signals.sendIfThere("CONT", pid);
        }
      }
    }
  }

  /** Has it done while the next deeds follow. */
  private static <T> CompletableFuture<T> beside(Callable<T> deed) {
    CompletableFuture<T> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                done.complete(deed.call());
              } catch (Exception e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }

  private long mother() throws IOException {
    return server.status().path("pid").asLong();
  }

  /** Begins one, unless one is under way: workers are killed meanwhile. */
  private void reload() {
    if (reloading.isDone()) {
      assertUpgraded();
      assertReloaded();
      String body = configurations.apply(++reloads);
      reloading = beside(() -> server.reload(body));
    }
  }

  /** A worker that is killed or stopped before it has taken it refuses it for all. */
  private void assertReloaded() {
    JsonNode answer = reloading.join();
    String error = answer == null ? "" : answer.path("error").asText();
    if (answer != null
        && !error.contains("has not taken it in 30 s")
        && !error.contains("died while it was to take it")) {
      assertThat(answer.path("reloaded").asBoolean()).as("%s", answer).isTrue();
    }
  }

  private void limit() throws IOException {
    assertUpgraded();
    int mebibytes = 1 + random.nextInt(40);
    JsonNode answer =
        AdminClient.ask(
            server.socket(), "limit wide --up %dMiB/s --down none".formatted(mebibytes));
    assertThat(answer.path("up").asLong()).as("%s", answer).isEqualTo(mebibytes * 1024L * 1024L);
    limits++;
  }

  /**
   * From one io worker to the others: one that was killed since, or has no other, moves nothing.
   */
  private void move() throws IOException {
    assertUpgraded();
    String worker = "io/" + random.nextInt(2);
    JsonNode answer = AdminClient.ask(server.socket(), "move " + worker);
    moves += answer.path("moved").asInt() > 0 ? 1 : 0;
  }

  /** Has the same version follow, unless one does so already: workers are killed meanwhile. */
  private void upgrade() {
    if (upgrading.isDone()) {
      assertUpgraded();
      assertReloaded();
      upgrading = beside(() -> server.command("upgrade", "--to", Checkout.root().toString()));
    }
  }

  /** Waits for it: a server that is followed takes no other orders. */
  private void assertUpgraded() {
    CommandResult result = upgrading.join();
    if (result != null) {
      assertThat(result.exit()).as("%s", result.allText()).isZero();
      upgrades++;
      upgrading = CompletableFuture.completedFuture(null);
    }
  }

  /** Kills a worker of every stage but io: what lives there already must not notice. */
  void killOnTheWay() throws IOException {
    for (String stage : BouncerServer.STAGES) {
      if (!stage.equals("io")) {
        kill(someWorker(stage));
      }
    }
  }

  /** Brings the configuration of the start back, and waits for that. */
  void restore() throws IOException {
    assertUpgraded();
    assertReloaded();
    server.reloaded(configurations.apply(0));
  }
}
