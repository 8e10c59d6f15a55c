package org.portbouncer.launcher.admin;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/**
 * Writes the requests of the admin protocol as commands send them; {@link RequestParser} is the
 * mother's side of it.
 */
public final class Requests {

  private static final JsonFactory FACTORY = new JsonFactory();

  private Requests() {}

  /** Writes the parts of one request besides its command. */
  @FunctionalInterface
  private interface Body {
    void writeTo(JsonGenerator json) throws IOException;
  }

  /** Asks for the server's status. */
  public static String status() {
    return render("status", json -> {});
  }

  /**
   * Asks for live sessions.
   *
   * @param listener of this listener; null for all
   * @param from from this network; null for all
   */
  public static String sessions(String listener, String from) {
    return render(
        "sessions",
        json -> {
          if (listener != null) {
            json.writeStringField("listener", listener);
          }
          if (from != null) {
            json.writeStringField("from", from);
          }
        });
  }

  /** Asks for the members of groups of targets. */
  public static String targets() {
    return render("targets", json -> {});
  }

  /** Asks for the limits that the cluster shares. */
  public static String cluster() {
    return render("cluster", json -> {});
  }

  /**
   * Says something of members of a group.
   *
   * @param mode drain, off or ready
   * @param of GROUP or GROUP/MEMBER
   */
  public static String target(String mode, String of) {
    return render(
        "target",
        json -> {
          json.writeStringField("mode", mode);
          json.writeStringField("of", of);
        });
  }

  /**
   * Asks for the sessions of an io worker to go on in others.
   *
   * @param worker its name or its pid
   */
  public static String move(String worker) {
    return render("move", json -> json.writeStringField("of", worker));
  }

  /**
   * Asks for the heaviest sessions.
   *
   * @param most how many at most
   * @param match a text in the listener's name or the client's address; empty for all
   */
  public static String top(int most, SessionOrder by, String match) {
    return render(
        "top",
        json -> {
          json.writeNumberField("most", most);
          json.writeStringField("by", by.text());
          json.writeStringField("match", match);
        });
  }

  /** Asks to end the sessions with these ids. */
  public static String killIds(long... ids) {
    return render(
        "kill",
        json -> {
          json.writeFieldName("ids");
          json.writeArray(ids, 0, ids.length);
        });
  }

  /** Asks to end the sessions from this network. */
  public static String killFrom(String cidr) {
    return render("kill", json -> json.writeStringField("from", cidr));
  }

  /** Asks the server to read its configuration again. */
  public static String reload(boolean recheck) {
    return render("reload", json -> json.writeBooleanField("recheck", recheck));
  }

  /**
   * Asks for another installation to follow the server.
   *
   * @param to its folder
   * @param ifChanged only where that is not what runs
   */
  public static String upgrade(String to, boolean ifChanged) {
    return render(
        "upgrade",
        json -> {
          json.writeStringField("to", to);
          json.writeBooleanField("if_changed", ifChanged);
        });
  }

  /** Asks the server to stop. */
  public static String stop(boolean now) {
    return render("stop", json -> json.writeBooleanField("now", now));
  }

  /**
   * Asks to change a bandwidth class.
   *
   * @param up the rate as the operator wrote it; null to leave it
   * @param down likewise
   */
  public static String limit(String name, String up, String down) {
    return render(
        "limit",
        json -> {
          json.writeStringField("class", name);
          if (up != null) {
            json.writeStringField("up", up);
          }
          if (down != null) {
            json.writeStringField("down", down);
          }
        });
  }

  private static String render(String command, Body body) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("command", command);
      body.writeTo(json);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return text.toString();
  }
}
