package org.portbouncer.launcher.top;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import org.portbouncer.launcher.admin.AdminClient;
import org.portbouncer.launcher.admin.Json;
import org.portbouncer.launcher.admin.Requests;
import org.portbouncer.launcher.view.Answer;

/**
 * The server that {@code top} looks at, over one connection, made anew where it broke. Used by one
 * thread.
 */
public final class TopServer implements Closeable {

  /** More than a tall terminal shows; the rest is a matter for the filter. */
  private static final int SESSIONS = 200;

  private final Connector connector;
  private AdminClient client;

  /** Connects to the server. */
  @FunctionalInterface
  public interface Connector {
    /** A new connection. */
    AdminClient connect() throws IOException;
  }

  /**
   * @param client the connection to begin with
   * @param again for when that breaks
   */
  public TopServer(AdminClient client, Connector again) {
    this.client = client;
    this.connector = again;
  }

  /** Asks for all that is shown. */
  Snapshot snapshot(Query query) throws IOException {
    Answer status = ask(Requests.status());
    List<Answer> members = targets();
    Answer heaviest = ask(Requests.top(SESSIONS, query.order(), query.filter()));
    return new Snapshot(
        System.nanoTime(), System.currentTimeMillis(), query, status, members, heaviest);
  }

  /** Ends a session; says what came of it. */
  String kill(long id) throws IOException {
    return ask(Requests.killIds(id)).number("killed") == 0
        ? "session " + id + " had ended already"
        : "killed session " + id;
  }

  private List<Answer> targets() throws IOException {
    return ask(
        Requests.targets(),
        text ->
            text.startsWith("[")
                ? Json.parseArray(text).stream().map(Answer::of).toList()
                : List.of(checked(Json.parseObject(text))));
  }

  private Answer ask(String request) throws IOException {
    return ask(request, text -> checked(Json.parseObject(text)));
  }

  private static Answer checked(Object object) throws IOException {
    Answer answer = Answer.of(object);
    if (answer.values().containsKey("error")) {
      throw new IOException(answer.text("error"));
    }
    return answer;
  }

  /** Makes something of an answer. */
  @FunctionalInterface
  private interface Reading<T> {
    T of(String text) throws IOException, Json.MalformedException;
  }

  private <T> T ask(String request, Reading<T> reading) throws IOException {
    try {
      if (client == null) {
        client = connector.connect();
      }
      return reading.of(client.ask(request));
    } catch (Json.MalformedException e) {
      close();
      throw new IOException("its answer is not readable: " + e.getMessage(), e);
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    if (client != null) {
      client.close();
      client = null;
    }
  }
}
