package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The status page in a browser: its figures, its looks, and who could use it. */
class StatusPageIT {
  private static final int WEB = Ports.free();
  private static final int MAIL = Ports.free();
  private static final int METRICS = Ports.free();
  private static final String URL = "http://127.0.0.1:" + METRICS + "/";

  /** Two updates of the page, and the ten seconds that its rates are of. */
  private static final Duration PATIENCE = Patience.seconds(40);

  private static final String TABLE =
      "[...document.getElementById('%s').rows].map(r => [...r.cells].map(c => c.textContent))";

  private static Target target;
  private static BouncerServer server;
  private static Browser browser;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    target = Target.start(Handler.echo());
    server =
        BouncerServer.start(
            Files.createDirectory(folder.resolve("server")),
            """
            listeners {
              web { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = all, bandwidth = wide }
              mail { listen = "127.0.0.1:%d", target = "127.0.0.1:%d", acl = all }
            }
            acls {
              all = [
                { name = guests, action = block, from = "127.0.0.9" }
                { name = staff, action = pass, from = "127.0.0.0/8" }
              ]
            }
            bandwidth { wide { up = "1 MiB/s", shared-by = all } }
            metrics { listen = "127.0.0.1:%d" }
            """
                .formatted(WEB, target.port(), MAIL, target.port(), METRICS));
    browser = Browser.open(Files.createDirectory(folder.resolve("browser")), URL);
    browser.size(1280, 900);
    awaitText("document.getElementById('state').textContent", "ready");
  }

  @AfterAll
  static void stop() throws Exception {
    Closing.all(browser, server, target);
  }

  private static void awaitText(String expression, String wanted) {
    await(expression)
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(browser.evaluate(expression).asText()).isEqualTo(wanted));
  }

  /** The cells of a table's row by the text of the first one. */
  private static Map<String, JsonNode> table(String id) throws Exception {
    Map<String, JsonNode> rows = new HashMap<>();
    for (JsonNode row : browser.evaluate(TABLE.formatted(id))) {
      rows.put(row.path(0).asText(), row);
    }
    return rows;
  }

  private static String cell(String id, String row, int column) throws Exception {
    return table(id).get(row).path(column).asText();
  }

  @Test
  void shouldShowWhatTheServerDoesWhileItDoesIt() throws Exception {
    try (Client first = Client.from("127.0.0.2", WEB);
        Client second = Client.from("127.0.0.3", MAIL);
        Client blocked = Client.from("127.0.0.9", WEB)) {
      first.echo("hello");
      second.echo(new byte[70_000]);
      assertThat(blocked.in().read()).isEqualTo(-1);
      String id = server.awaitSession(second.address()).path("id").asText();

      await("both sessions, the new figures, and their rates")
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                assertThat(table("sessions")).hasSize(2).containsKey(id);
                assertThat(cell("listeners", "web", 3)).as("active").isEqualTo("1");
                assertThat(cell("listeners", "mail", 3)).as("active").isEqualTo("1");
                assertThat(cell("listeners", "mail", 4)).as("new/s").isNotEqualTo("0");
                assertThat(cell("listeners", "mail", 5)).as("up/s").contains("iB");
                assertThat(cell("listeners", "mail", 6)).as("down/s").contains("iB");
              });
      JsonNode web = server.status().path("listeners").path("web");
      assertThat(cell("listeners", "web", 7)).isEqualTo(web.path("accepted").asText());
      assertThat(cell("listeners", "web", 8)).as("blocked").isEqualTo("1");
      JsonNode heaviest = browser.evaluate(TABLE.formatted("sessions")).path(0);
      assertThat(heaviest.path(0).asText()).isEqualTo(id);
      assertThat(heaviest.path(2).asText()).isEqualTo(second.address());
      assertThat(heaviest.path(4).asText()).isEqualTo("all/staff");
      assertThat(heaviest.path(9).asText()).isEqualTo("68.4 KiB");
      assertThat(heaviest.path(10).asText()).isEqualTo("68.4 KiB");
      assertThat(cell("classes", "wide", 1)).isEqualTo("all");
      assertThat(cell("classes", "wide", 2)).as("sessions").isEqualTo("1");
      assertThat(cell("classes", "wide", 3)).endsWith(" of 1.0 MiB/s");
      assertStages();
      assertWorkers();

      // Ten seconds later nothing moves any more, and the page says so by itself.
      await("rates that fall")
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                assertThat(cell("listeners", "mail", 4)).isEqualTo("0");
                assertThat(cell("listeners", "mail", 5)).isEqualTo("0 B");
              });
      assertThat(
              browser
                  .evaluate(
                      "[...document.querySelectorAll('#graphs svg')].map(s =>"
                          + " s.getAttribute('aria-label')).join('; ')")
                  .asText())
          .contains("Throughput of mail over the last five minutes: now 0 B/s up");
    }
    await("no session")
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(table("sessions")).isEmpty());
  }

  private static void assertStages() throws Exception {
    JsonNode stages =
        browser.evaluate(
            "[...document.querySelectorAll('#pipeline li')].map(li =>"
                + " [li.querySelector('h3'), li.querySelector('b'),"
                + " ...li.querySelectorAll('dd')].map(e => e.textContent))");
    assertThat(stages.size()).isEqualTo(BouncerServer.STAGES.size());
    for (int i = 0; i < stages.size(); i++) {
      assertThat(stages.path(i).path(0).asText()).isEqualTo(BouncerServer.STAGES.get(i));
      assertThat(stages.path(i).path(1).asText()).as("a second").matches("[0-9.]+/s");
      assertThat(stages.path(i).path(2).asText()).as("waiting").isEqualTo("0");
      assertThat(stages.path(i).path(3).asText()).as("hop p50").endsWith("s");
      String count = Integer.toString(server.workers(BouncerServer.STAGES.get(i)).size());
      assertThat(stages.path(i).path(5).asText()).isEqualTo(count + " of " + count);
    }
  }

  private static void assertWorkers() throws Exception {
    Map<String, JsonNode> workers = table("workers");
    assertThat(workers).hasSameSizeAs(server.processes().subList(1, server.processes().size()));
    for (JsonNode worker : server.status().path("workers")) {
      JsonNode row =
          workers.get(worker.path("stage").asText() + "/" + worker.path("index").asText());
      assertThat(row.path(1).asText()).isEqualTo("ready");
      assertThat(row.path(2).asText()).isEqualTo(worker.path("pid").asText());
      assertThat(row.path(4).asText()).matches("\\d+ %");
      assertThat(row.path(5).asText()).endsWith(" MiB");
    }
  }

  @Test
  void shouldShowOnlyTheSessionsThatTheFilterLetsThrough() throws Exception {
    try (Client one = Client.from("127.0.0.4", WEB);
        Client other = Client.from("127.0.0.5", WEB)) {
      one.echo("hello");
      other.echo("hello");
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(table("sessions")).hasSize(2));
      filter("127.0.0.4");
      await().atMost(PATIENCE).untilAsserted(() -> assertThat(table("sessions")).hasSize(1));
      awaitText("document.getElementById('count').textContent", "1 of 2");
      awaitText("document.getElementById('found').textContent", "1 of 2");
    } finally {
      filter("");
    }
  }

  private static void filter(String text) throws Exception {
    browser.evaluate(
        "{ const f = document.getElementById('filter'); f.value = '"
            + text
            + "'; f.dispatchEvent(new Event('input')); }");
  }

  @ParameterizedTest
  @CsvSource({"1280,900,light", "1280,900,dark", "390,844,light", "390,844,dark"})
  void shouldFitTheWindowAndNotBeBlank(int width, int height, String scheme) throws Exception {
    browser.scheme(scheme);
    browser.size(width, height);
    try {
      assertThat(browser.evaluate("innerWidth").asInt()).isEqualTo(width);
      assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
          .as("nothing stands out to the right")
          .isLessThanOrEqualTo(width);
      BufferedImage picture = browser.screenshot();
      assertThat(picture.getWidth()).isEqualTo(width);
      Map<Integer, Integer> colours = new HashMap<>();
      for (int x = 0; x < picture.getWidth(); x++) {
        for (int y = 0; y < picture.getHeight(); y++) {
          colours.merge(picture.getRGB(x, y), 1, Integer::sum);
        }
      }
      assertThat(colours).as("text has edges of many shades").hasSizeGreaterThan(50);
      int background = picture.getRGB(2, height - 2) & 0xff;
      assertThat(background < 0x80).as("dark: %x", background).isEqualTo(scheme.equals("dark"));
    } finally {
      browser.scheme("light");
      browser.size(1280, 900);
    }
  }

  @Test
  void shouldShowWorkersThatDoNotServeFirst() throws Exception {
    JsonNode order =
        browser.evaluate(
            """
            ordered(tables.workers, [{name: "a", state: "ready"}, {name: "b", state: "throttled"},
                {name: "c", state: "ready"}]).map(worker => worker.name).join()
            """);
    assertThat(order.asText()).isEqualTo("b,a,c");
  }

  @Test
  void shouldNameTheMachineInTitleAndHeading() throws Exception {
    String host = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    awaitText("document.title", "ready – " + host + " – bouncer");
    assertThat(browser.evaluate("document.querySelector('h1').innerText").asText())
        .isEqualTo("bouncer " + host);
  }

  @Test
  void shouldShowTimesBelowTheGraphs() throws Exception {
    awaitText(
        "String(document.querySelectorAll('figure:first-child .axis text').length > 2)", "true");
    JsonNode times =
        browser.evaluate(
            "[...document.querySelectorAll('figure:first-child .axis text')].map(t =>"
                + " t.textContent)");
    assertThat(BouncerServer.elements(times))
        .hasSizeBetween(3, 6)
        .allMatch(time -> time.asText().matches("\\d\\d:\\d\\d"));
    assertThat(browser.evaluate("[place(300000, 300000), place(150000, 300000)].join()").asText())
        .as("now is at the right, half of five minutes ago in the middle")
        .isEqualTo("100,50");
    await("a line that ends at the right")
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        browser
                            .evaluate("document.querySelector('polyline').getAttribute('points')")
                            .asText())
                    .matches(".*\\b100\\.00,[0-9.]+"));
  }

  @Test
  void shouldFetchNothingFromElsewhere() throws Exception {
    JsonNode fetched =
        browser.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)");
    assertThat(fetched.size()).as("the page asks for its figures").isGreaterThanOrEqualTo(3);
    assertThat(BouncerServer.elements(fetched)).allMatch(name -> name.asText().startsWith(URL));
  }

  @Test
  void shouldBeOfUseWithoutAMouseOrEyes() throws Exception {
    assertThat(browser.evaluate("document.documentElement.lang").asText()).isEqualTo("en");
    for (String none :
        new String[] {
          "table:not(:has(caption))",
          "th:not([scope])",
          "svg[role=img]:not([aria-label])",
          "section:not([aria-labelledby])",
          "input:not([id=filter])",
          "meter:not([aria-label])",
          ".scroll:not([tabindex='0'][aria-labelledby])",
          "[aria-live=assertive]"
        }) {
      assertThat(browser.evaluate("document.querySelectorAll(\"" + none + "\").length").asInt())
          .as(none)
          .isZero();
    }
    assertThat(browser.evaluate("document.querySelectorAll('h1, main, header').length").asInt())
        .isEqualTo(3);
    assertThat(browser.evaluate("document.querySelector('label').control.id").asText())
        .isEqualTo("filter");
    browser.evaluate("document.getElementById('filter').focus({ focusVisible: true })");
    assertThat(
            browser
                .evaluate("getComputedStyle(document.getElementById('filter')).outlineStyle")
                .asText())
        .isEqualTo("solid");
  }
}
