package org.portbouncer.negotiator.connect;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.portbouncer.core.loop.EventLoop;
import org.portbouncer.core.loop.Timer;

@Timeout(60)
class ResolverTest {

  private static final InetAddress ADDRESS = InetAddress.ofLiteral("192.0.2.7");

  private final EventLoop loop = new EventLoop();
  private final List<String> warnings = new ArrayList<>();
  private final CountDownLatch never = new CountDownLatch(1);

  /** What name service does with a name: an address, silence, or a failure in its words. */
  private final Map<String, String> service = new ConcurrentHashMap<>();

  private final Resolver resolver = new Resolver(loop, warnings::add, this::find);
  private final Map<String, String> answers = new TreeMap<>();

  private InetAddress[] find(String host) throws UnknownHostException {
    String does = service.getOrDefault(host, "answers");
    if (does.equals("is silent")) {
      try {
        never.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    if (!does.equals("answers")) {
      throw new UnknownHostException(host + ": " + does);
    }
    return new InetAddress[] {ADDRESS};
  }

  @AfterEach
  void release() {
    never.countDown();
  }

  private final class Asking implements Resolver.Asker {
    private final String key;
    private final Runnable then;

    Asking(String key, Runnable then) {
      this.key = key;
      this.then = then;
    }

    @Override
    public int use() {
      return 1;
    }

    @Override
    public void resolved(int usedThen, InetAddress[] found, String why) {
      answers.put(key, found.length == 0 ? why : found[0].getHostAddress());
      then.run();
    }
  }

  private void ask(String host, Runnable then) {
    resolver.resolve(host, Resolver.KEEP_NANOS, new Asking(host, then));
  }

  private void later(long ms, Runnable then) {
    Timer timer =
        new Timer() {
          @Override
          protected void expired(long now) {
            then.run();
          }
        };
    loop.timers().set(timer, loop.now() + ms * 1_000_000);
  }

  private void run(Runnable first) {
    later(0, first);
    loop.run(now -> false);
  }

  @Test
  void shouldAnswerANameWhileManyOthersGetNoAnswer() {
    run(
        () -> {
          for (int i = 0; i < Resolver.THREADS - 1; i++) {
            service.put("silent" + i, "is silent");
            ask("silent" + i, () -> {});
          }
          ask("healthy", loop::stop);
        });
    assertThat(answers).isEqualTo(Map.of("healthy", "192.0.2.7"));
  }

  @Test
  void shouldTellTheAnswerOfTheLastQuestionAloneWhenOneBeforeWasGivenUp() {
    service.put("other", "no such host");
    List<Integer> found = new ArrayList<>();
    NameQuestion question =
        new NameQuestion(
            resolver,
            (addresses, why) -> {
              found.add(addresses.length);
              loop.stop();
            });
    run(
        () -> {
          question.ask("app", Resolver.KEEP_NANOS);
          assertThat(question.isOpen()).isTrue();
          question.giveUp();
          assertThat(question.isOpen()).isFalse();
          // Told after the question, by the same answer.
          ask("app", () -> question.ask("other", Resolver.KEEP_NANOS));
        });
    assertThat(found).containsExactly(0);
    assertThat(question.isOpen()).isFalse();
  }

  @Test
  void shouldGoOnWithTheLastAddressesWhileNameServiceIsSilent() {
    List<Long> times = new ArrayList<>();
    run(
        () ->
            ask(
                "app",
                () -> {
                  service.put("app", "is silent");
                  answers.clear();
                  later(
                      1_100,
                      () -> {
                        long begun = System.nanoTime();
                        ask(
                            "app",
                            () -> {
                              times.add(System.nanoTime() - begun);
                              long again = System.nanoTime();
                              ask("app", () -> times.add(System.nanoTime() - again));
                              loop.stop();
                            });
                      });
                }));
    assertThat(answers).isEqualTo(Map.of("app", "192.0.2.7"));
    assertThat(times.getFirst()).isGreaterThanOrEqualTo(Resolver.PATIENCE_NANOS - 5_000_000);
    assertThat(times).as("the second is told at once").hasSize(2);
    assertThat(warnings)
        .containsExactly(
            "app: the name service does not answer, or cannot now; its last known addresses go on"
                + " serving");
  }

  @Test
  void shouldGoOnWithTheLastAddressesWhenNameServiceFailsAndNotWhenTheNameIsGone() {
    run(
        () ->
            ask(
                "app",
                () -> {
                  service.put("app", "Temporary failure in name resolution");
                  later(
                      1_100,
                      () ->
                          ask(
                              "app",
                              () -> {
                                assertThat(answers).containsEntry("app", "192.0.2.7");
                                service.put("app", "Name or service not known");
                                later(1_100, () -> ask("app", loop::stop));
                              }));
                }));
    assertThat(answers).isEqualTo(Map.of("app", "the name is not known"));
    assertThat(warnings).hasSize(1);
  }

  @Test
  void shouldTellNobodyTwiceAndAskOnceForAllWhoWantTheSameName() {
    run(
        () -> {
          for (int i = 0; i < 100; i++) {
            int last = i;
            resolver.resolve(
                "app",
                Resolver.KEEP_NANOS,
                new Asking(
                    "app" + i,
                    () -> {
                      if (last == 99) {
                        loop.stop();
                      }
                    }));
          }
        });
    assertThat(answers).hasSize(100);
  }

  @Test
  void shouldAskAgainOnlyAfterItsTimeAndKeepTheAddressesOfAGroupWhateverNameServiceSays() {
    long keep = 2_000_000_000;
    run(
        () ->
            resolver.resolve(
                "app",
                keep,
                new Asking(
                    "first",
                    () -> {
                      service.put("app", "Name or service not known");
                      later(
                          1_200,
                          () -> resolver.resolve("app", keep, new Asking("fresh", () -> {})));
                      later(
                          2_200,
                          () -> resolver.resolve("app", keep, new Asking("kept", loop::stop)));
                    })));
    assertThat(answers)
        .isEqualTo(Map.of("first", "192.0.2.7", "fresh", "192.0.2.7", "kept", "192.0.2.7"));
    assertThat(warnings)
        .containsExactly("app: the name is not known; its last known addresses go on serving");
  }
}
