package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The status page of a server with a hundred listeners, long names, and one that fails. */
class CrowdedStatusPageIT {
  private static final int LISTENERS = 100;
  private static final int METRICS = Ports.free();
  private static final int GONE = Ports.free();

  /** As long as a name may be, and different from others at its end alone. */
  private static final String LONG = "customer-portal-of-the-northern-region-".repeat(2);

  private static final String FAILING = name(LISTENERS - 1);

  private static final Duration PATIENCE = Patience.seconds(40);

  private static BouncerServer server;
  private static Browser browser;

  private static String name(int number) {
    return LONG.substring(0, 60) + "%04d".formatted(number);
  }

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    StringBuilder listeners = new StringBuilder();
    for (int i = 0; i < LISTENERS - 1; i++) {
      listeners.append(
          "%s { listen = \"127.0.0.1:0\", target = \"internal:echo\" }\n".formatted(name(i)));
    }
    server =
        BouncerServer.start(
            Files.createDirectory(folder.resolve("server")),
            """
            listeners {
              %s
              %s { listen = "127.0.0.1:%d", target = "127.0.0.1:%d" }
            }
            bandwidth { %s { up = "1 MiB/s" } }
            workers { io = 1 }
            metrics { listen = "127.0.0.1:%d" }
            """
                .formatted(listeners, FAILING, GONE, Ports.free(), name(0), METRICS));
    for (int i = 0; i < 3; i++) {
      try (Client refused = Client.to(GONE)) {
        assertThat(refused.in().read()).isEqualTo(-1);
      }
    }
    browser =
        Browser.open(
            Files.createDirectory(folder.resolve("browser")), "http://127.0.0.1:" + METRICS + "/");
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(browser, server);
  }

  @BeforeEach
  @AfterEach
  void onADesktop() throws Exception {
    browser.size(1280, 900);
    awaitRows();
  }

  private static void awaitRows() {
    await("all listeners, and what the last one's failure was")
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        browser
                            .evaluate(
                                "document.getElementById('listeners').rows.length + ' '"
                                    + " + document.querySelectorAll('#listeners .why').length")
                            .asText())
                    .isEqualTo(LISTENERS + " 1"));
  }

  private static String text(String expression) throws Exception {
    return browser.evaluate(expression).asText();
  }

  private static double number(String expression) throws Exception {
    return browser.evaluate(expression).asDouble();
  }

  @ParameterizedTest
  @ValueSource(ints = {1280, 390, 320})
  void shouldNotBeWidenedByLongNames(int width) throws Exception {
    browser.size(width, 844);
    awaitRows();
    assertThat(number("document.documentElement.scrollWidth")).isLessThanOrEqualTo(width);
    JsonNode graphs =
        browser.evaluate(
            "[...document.querySelectorAll('figcaption')].map(c => c.scrollWidth - c.clientWidth)");
    assertThat(BouncerServer.elements(graphs)).isNotEmpty().allMatch(over -> over.asInt() <= 0);
  }

  @Test
  void shouldShortenNamesInTheMiddleAndKeepThemWholeForWhoAsks() throws Exception {
    String cell = "document.getElementById('listeners').rows[1].cells[0]";
    assertThat(text(cell + ".querySelector('[aria-hidden]').textContent"))
        .hasSizeLessThan(30)
        .startsWith("customer-por")
        .contains("…")
        .endsWith("0000");
    assertThat(text(cell + ".querySelector('[title]').title")).isEqualTo(name(0));
    assertThat(text(cell + ".querySelector('.unseen').textContent")).isEqualTo(name(0));
  }

  @Test
  void shouldShowFailingListenersFirstAndWhatFailedLast() throws Exception {
    String first = "document.getElementById('listeners').rows[0]";
    assertThat(text(first + ".querySelector('[title]').title")).isEqualTo(FAILING);
    assertThat(text(first + ".className")).isEqualTo("failing");
    assertThat(text(first + ".querySelector('.why').textContent"))
        .matches("connection refused, \\d\\d:\\d\\d:\\d\\d, 3 times in a row");
    assertThat(number("document.querySelector('.why').getBoundingClientRect().right"))
        .as("in sight without scrolling")
        .isLessThan(400);
  }

  @Test
  void shouldShowEveryFigureOfAListenerOnADesktop() throws Exception {
    assertThat(
            number(
                "(s => s.scrollWidth - s.clientWidth)"
                    + "(document.querySelector('#all-listeners .scroll'))"))
        .isZero();
  }

  @Test
  void shouldShowListenersBeforeStagesOnAPhoneAlone() throws Exception {
    String order =
        "[...document.querySelectorAll('#stages, #all-listeners')].map(s => s.id).join(' ')";
    assertThat(text(order)).isEqualTo("stages all-listeners");
    browser.size(390, 844);
    await().atMost(PATIENCE).until(() -> text(order), "all-listeners stages"::equals);
    assertThat(number("document.getElementById('all-listeners').getBoundingClientRect().top"))
        .isLessThan(400);
    browser.size(1280, 900);
    await().atMost(PATIENCE).until(() -> text(order), "stages all-listeners"::equals);
  }

  @Test
  void shouldKeepTheHeadInSightWhileATableIsScrolled() throws Exception {
    assertThat(
            number(
                """
                (() => {
                  const box = document.querySelector("#all-listeners .scroll");
                  box.scrollTop = 600;
                  const off = box.querySelector("thead th").getBoundingClientRect().top
                      - box.getBoundingClientRect().top;
                  const moved = box.scrollTop;
                  box.scrollTop = 0;
                  return moved === 600 ? off : -1;
                })()
                """))
        .isBetween(0.0, 2.0);
  }

  @Test
  void shouldSortByAColumnAtTheKeyboardUntilTheUsualOrderIsAskedForAgain() throws Exception {
    browser.evaluate(
        "[...document.querySelectorAll('#all-listeners thead button')]"
            + ".find(b => b.textContent === 'Listener').focus()");
    String names =
        "[...document.querySelectorAll('#listeners th [title]')].map(e => e.title.slice(-4))"
            + ".join(' ')";
    String sort = "document.activeElement.parentElement.getAttribute('aria-sort')";
    String first = name(0).substring(60);
    String second = name(1).substring(60);
    String last = FAILING.substring(60);

    browser.pressEnter();
    assertThat(text(sort)).isEqualTo("ascending");
    assertThat(text(names)).startsWith(first + " " + second).endsWith(last);
    browser.pressEnter();
    assertThat(text(sort)).isEqualTo("descending");
    assertThat(text(names)).startsWith(last).endsWith(second + " " + first);
    browser.pressEnter();
    assertThat(text(sort)).isEqualTo("null");
    assertThat(text(names)).startsWith(last + " " + first + " " + second);
  }

  @Test
  void shouldKeepAnOrderWhenTheFiguresAreNew() throws Exception {
    String before =
        text(
            "[...document.querySelectorAll('#all-listeners thead button')]"
                + ".find(b => b.textContent === 'Failed').click(),"
                + " tables.listeners.items[0].now");
    await("another answer")
        .atMost(PATIENCE)
        .until(() -> text("tables.listeners.items[0].now"), now -> !now.equals(before));
    String rows =
        "[...document.getElementById('listeners').rows].map(r => r.cells[10].textContent)";
    List<String> failed =
        BouncerServer.elements(browser.evaluate(rows)).map(JsonNode::asText).toList();
    assertThat(failed.getFirst()).isEqualTo("3");
    assertThat(failed.subList(1, failed.size())).containsOnly("0");
    browser.evaluate("tables.listeners.sort = null, heads('listeners')");
  }
}
