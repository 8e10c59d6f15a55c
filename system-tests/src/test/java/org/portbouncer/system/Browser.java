package org.portbouncer.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * Chromium without a window, showing one page; asked over its debugging protocol, so that a test
 * sees the page as it lives, with its scripts running in their own time.
 */
final class Browser implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Patience.seconds(60);

  private final HttpClient http = HttpClient.newHttpClient();
  private final AtomicInteger requests = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> pending = new ConcurrentHashMap<>();
  private final Process process;
  private final Output output;
  private WebSocket socket;

  private Browser(Process process) {
    this.process = process;
    output = new Output("chromium", process.getInputStream());
  }

  /**
   * Opens a page.
   *
   * @param profile an empty folder of the test
   */
  static Browser open(Path profile, String url) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            program(),
            "--headless=new",
            "--no-sandbox", // of no use to root, who runs the tests in a container
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--remote-debugging-port=0",
            "--user-data-dir=" + profile,
            url);
    Browser browser = new Browser(builder.redirectErrorStream(true).start());
    try {
      browser.connect(profile.resolve("DevToolsActivePort"), url);
      return browser;
    } catch (Exception | AssertionError e) {
      browser.close();
      throw e;
    }
  }

  private static String program() {
    return Stream.of(System.getenv("PATH").split(":", -1))
        .flatMap(folder -> Stream.of(folder + "/chromium", folder + "/chromium-browser"))
        .filter(file -> Files.isExecutable(Path.of(file)))
        .findFirst()
        .orElseThrow(
            () ->
                new AssertionError(
                    "Chromium is missing, which this test looks at the status page with: install"
                        + " it (Debian: apt-get install --no-install-recommends chromium)"));
  }

  private void connect(Path portFile, String url) throws Exception {
    await("Chromium's port")
        .atMost(PATIENCE)
        .until(() -> !process.isAlive() || Files.exists(portFile) && Files.size(portFile) > 0);
    assertThat(process.isAlive()).as(output.text()).isTrue();
    String port = Files.readAllLines(portFile).getFirst();
    String page =
        await("the page").atMost(PATIENCE).until(() -> debugAddress(port, url), a -> a != null);
    socket =
        http.newWebSocketBuilder()
            .buildAsync(URI.create(page), new Listener())
            .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  private String debugAddress(String port, String url) throws IOException, InterruptedException {
    HttpRequest list =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json/list")).build();
    for (JsonNode page :
        JSON.readTree(http.send(list, HttpResponse.BodyHandlers.ofString()).body())) {
      if (page.path("url").asText().equals(url)) {
        return page.path("webSocketDebuggerUrl").asText();
      }
    }
    return null;
  }

  /** Puts messages together and hands answers to who waits for them. */
  private final class Listener implements WebSocket.Listener {
    private final StringBuilder message = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      message.append(data);
      if (last) {
        try {
          JsonNode whole = JSON.readTree(message.toString());
          CompletableFuture<JsonNode> waiting = pending.remove(whole.path("id").asInt(-1));
          if (waiting != null) {
            waiting.complete(whole);
          }
        } catch (IOException e) {
          pending.values().forEach(waiting -> waiting.completeExceptionally(e));
        }
        message.setLength(0);
      }
      from.request(1);
      return null;
    }
  }

  private JsonNode ask(String method, ObjectNode parameters) throws Exception {
    int id = requests.incrementAndGet();
    ObjectNode request = JSON.createObjectNode().put("id", id).put("method", method);
    request.set("params", parameters);
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    pending.put(id, answer);
    socket.sendText(request.toString(), true).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    JsonNode whole = answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertThat(whole.has("error")).as("%s: %s", method, whole).isFalse();
    return whole.path("result");
  }

  /** The value of an expression in the page. */
  JsonNode evaluate(String expression) throws Exception {
    JsonNode result =
        ask(
            "Runtime.evaluate",
            JSON.createObjectNode().put("expression", expression).put("returnByValue", true));
    assertThat(result.has("exceptionDetails")).as("%s: %s", expression, result).isFalse();
    return result.path("result").path("value");
  }

  /** Presses Enter, as a person at the keyboard does. */
  void pressEnter() throws Exception {
    for (String type : new String[] {"keyDown", "keyUp"}) {
      ask(
          "Input.dispatchKeyEvent",
          JSON.createObjectNode()
              .put("type", type)
              .put("key", "Enter")
              .put("code", "Enter")
              .put("windowsVirtualKeyCode", 13)
              .put("text", type.equals("keyDown") ? "\r" : ""));
    }
  }

  /** Makes the window another size. */
  void size(int width, int height) throws Exception {
    ask(
        "Emulation.setDeviceMetricsOverride",
        JSON.createObjectNode()
            .put("width", width)
            .put("height", height)
            .put("deviceScaleFactor", 1)
            .put("mobile", false));
  }

  /** Asks for "light" or "dark", as a person's desktop does. */
  void scheme(String name) throws Exception {
    ObjectNode media = JSON.createObjectNode();
    media.putArray("features").addObject().put("name", "prefers-color-scheme").put("value", name);
    ask("Emulation.setEmulatedMedia", media);
  }

  /** What the window shows. */
  BufferedImage screenshot() throws Exception {
    String data =
        ask("Page.captureScreenshot", JSON.createObjectNode().put("format", "png"))
            .path("data")
            .asText();
    return ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(data)));
  }

  @Override
  public void close() {
    if (socket != null) {
      socket.abort();
    }
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    process.onExit().join(); // or it writes into its profile while that is removed
    http.close();
  }
}
