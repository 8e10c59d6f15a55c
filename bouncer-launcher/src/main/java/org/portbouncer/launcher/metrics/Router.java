package org.portbouncer.launcher.metrics;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.portbouncer.core.sys.Printable;
import org.portbouncer.launcher.admin.HeaviestView;
import org.portbouncer.launcher.admin.SessionOrder;
import org.portbouncer.launcher.state.Condition;
import org.portbouncer.launcher.state.Standing;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the requests of {@link MetricsServer}: metrics, the status page, and what that asks for.
 * Reading only. In the mother, on the threads of that server.
 */
final class Router implements HttpHandler {

  private static final Logger LOG = LoggerFactory.getLogger(Router.class);

  /** Sessions in one answer, for the page: more than people read, few enough for a phone. */
  private static final int SESSIONS = 200;

  private static final String JSON = "application/json; charset=utf-8";

  /** The page brings all it needs along: nothing is fetched from, or sent to, anywhere else. */
  private static final String POLICY =
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
          + " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private final MetricsSource source;
  private final History history;
  private final HostNames names;
  private Exposition exposition;
  private final Map<String, byte[]> files = new HashMap<>();

  Router(MetricsSource source, History history, HostNames names) {
    this.names = names;
    this.source = source;
    this.history = history;
  }

  /** Writes one answer's body. */
  @FunctionalInterface
  private interface Body {
    void writeTo(OutputStream out) throws IOException;
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String method = exchange.getRequestMethod();
      if (!isMeant(exchange)) {
        text(exchange, 421, "the server has not this name here; metrics.hosts adds one\n");
      } else if (method.equals("GET") || method.equals("HEAD")) {
        answer(exchange);
      } else {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        text(exchange, 405, "only GET and HEAD are answered here\n");
      }
    }
  }

  private boolean isMeant(HttpExchange exchange) {
    List<String> hosts = exchange.getRequestHeaders().getOrDefault("Host", List.of());
    InetAddress local = exchange.getLocalAddress().getAddress();
    return hosts.stream().allMatch(host -> names.has(host, local));
  }

  private void answer(HttpExchange exchange) throws IOException {
    try {
      route(exchange);
    } catch (RuntimeException e) {
      LOG.warn("metrics: {} cannot be answered", exchange.getRequestURI().getPath(), e);
      text(exchange, 500, "the server failed to answer; its log says why\n");
    }
  }

  private void route(HttpExchange exchange) throws IOException {
    switch (exchange.getRequestURI().getPath()) {
      case "/" -> {
        exchange.getResponseHeaders().set("Content-Security-Policy", POLICY);
        file(exchange, "page.html", "text/html");
      }
      case "/page/style.css" -> file(exchange, "page.css", "text/css");
      case "/page/script.js" -> file(exchange, "page.js", "text/javascript");
      case "/metrics" -> metrics(exchange);
      case "/page/now" -> {
        History.Sample now = history.now();
        json(exchange, out -> PageData.now(out, now, history.before(now)));
      }
      case "/page/history" -> json(exchange, out -> PageData.history(out, history.steps()));
      case "/page/sessions" -> {
        String filter = parameter(exchange, "filter");
        HeaviestView heaviest = source.watch().heaviest(SessionOrder.BYTES, SESSIONS, filter);
        json(exchange, out -> PageData.sessions(out, heaviest));
      }
      case "/healthz" -> {
        boolean turns = source.turns();
        text(exchange, turns ? 200 : 503, turns ? "ok\n" : "the mother's loop does not turn\n");
      }
      case "/readyz" -> {
        Standing standing = source.standing();
        text(exchange, standing.ready() ? 200 : 503, lines(standing));
      }
      default -> text(exchange, 404, "there are /, /metrics, /healthz and /readyz\n");
    }
  }

  /** The state, then each reason on a line of its own. */
  private static String lines(Standing standing) {
    StringBuilder lines = new StringBuilder(standing.state().text()).append('\n');
    for (Condition reason : standing.reasons()) {
      lines.append(Printable.of(reason.text())).append('\n');
    }
    return lines.toString();
  }

  private void metrics(HttpExchange exchange) throws IOException {
    ExpositionFormatWriter form =
        exposition().form(exchange.getRequestHeaders().getFirst("Accept"));
    send(exchange, 200, form.getContentType(), out -> exposition().write(form, out));
  }

  private synchronized Exposition exposition() {
    if (exposition == null) {
      exposition = new Exposition(source::figures);
    }
    return exposition;
  }

  /** A part of the page, which is read once. */
  private void file(HttpExchange exchange, String name, String type) throws IOException {
    byte[] bytes = bytes(name);
    send(exchange, 200, type + "; charset=utf-8", out -> out.write(bytes));
  }

  private synchronized byte[] bytes(String name) throws IOException {
    byte[] bytes = files.get(name);
    if (bytes == null) {
      try (InputStream resource = Router.class.getResourceAsStream(name)) {
        bytes = Objects.requireNonNull(resource, name).readAllBytes();
      }
      files.put(name, bytes);
    }
    return bytes;
  }

  /** A parameter of the query, decoded; empty where there is none. */
  private static String parameter(HttpExchange exchange, String name) {
    String query = exchange.getRequestURI().getRawQuery();
    if (query != null) {
      for (String pair : query.split("&", -1)) {
        if (pair.startsWith(name + "=")) {
          return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
        }
      }
    }
    return "";
  }

  private static void text(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    send(exchange, status, "text/plain; charset=utf-8", out -> out.write(bytes));
  }

  private static void json(HttpExchange exchange, Body body) throws IOException {
    send(exchange, 200, JSON, body);
  }

  /** Makes the whole answer before its first byte goes out: what fails then is still an error. */
  private static void send(HttpExchange exchange, int status, String type, Body body)
      throws IOException {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    body.writeTo(whole);
    Headers headers = exchange.getResponseHeaders();
    headers.set("Content-Type", type);
    headers.set("Cache-Control", "no-store");
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    if (exchange.getRequestMethod().equals("HEAD")) {
      headers.set("Content-Length", Integer.toString(whole.size()));
      exchange.sendResponseHeaders(status, -1);
    } else {
      exchange.sendResponseHeaders(status, whole.size());
      whole.writeTo(exchange.getResponseBody());
    }
  }
}
