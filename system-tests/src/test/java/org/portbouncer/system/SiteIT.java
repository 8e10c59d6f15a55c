package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The documents as a site. */
class SiteIT {
  private static final Pattern LINK = Pattern.compile("href=\"([^\":#]*)(?:#([^\"]*))?\"");
  private static final Pattern ID = Pattern.compile("id=\"([^\"]+)\"");

  @TempDir private static Path folder;

  private static Path site;

  @BeforeAll
  static void build() throws Exception {
    CommandResult found = CommandResult.run(null, List.of("sh", "-c", "command -v mkdocs"));
    assumeTrue(found.exit() == 0, "mkdocs is not installed (Debian: package mkdocs)");
    site = folder.resolve("site");
    CommandResult built =
        CommandResult.run(
            folder,
            List.of(
                Checkout.root().resolve("site/build").toString(), "--site-dir", site.toString()));
    assertThat(built.exit()).as(built.allText()).isZero();
    assertThat(built.allText()).as("nothing to complain of").isBlank();
  }

  private static List<Path> pages() throws Exception {
    try (Stream<Path> files = Files.walk(site)) {
      return files.filter(file -> file.toString().endsWith(".html")).sorted().toList();
    }
  }

  private static Set<String> ids(Path page) throws Exception {
    return ID.matcher(Files.readString(page))
        .results()
        .map(result -> result.group(1))
        .collect(Collectors.toSet());
  }

  @Test
  void shouldLeadToPagesAndHeadingsThatThereAre() throws Exception {
    List<String> broken = new ArrayList<>();
    for (Path page : pages()) {
      if (page.endsWith("404.html")) {
        continue; // it is shown in place of any page, and its links begin at the root
      }
      for (MatchResult link : LINK.matcher(Files.readString(page)).results().toList()) {
        Path to = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1)).normalize();
        String heading = link.group(2);
        boolean fine =
            Files.exists(to) && (heading == null || heading.isEmpty() || ids(to).contains(heading));
        if (!fine) {
          broken.add(site.relativize(page) + ": " + link.group());
        }
      }
    }
    assertThat(pages()).hasSizeGreaterThan(40);
    assertThat(broken).isEmpty();
  }

  @Test
  void shouldFindPagesByAWord() throws Exception {
    InetSocketAddress any = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
    HttpServer server =
        SimpleFileServer.createFileServer(any, site, SimpleFileServer.OutputLevel.NONE);
    server.start();
    String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    try (Browser browser =
        Browser.open(
            Files.createDirectory(folder.resolve("browser")), url + "search.html?q=TIME_WAIT")) {
      await("what is found")
          .atMost(Patience.seconds(30))
          .untilAsserted(
              () ->
                  assertThat(
                          browser
                              .evaluate(
                                  "document.getElementById('mkdocs-search-results').innerText")
                              .asText())
                      .contains("Ports"));
      assertThat(
              BouncerServer.elements(
                  browser.evaluate(
                      "performance.getEntriesByType('resource').map(entry => entry.name)")))
          .as("nothing comes from elsewhere")
          .allMatch(name -> name.asText().startsWith(url));
    } finally {
      server.stop(0);
    }
  }
}
