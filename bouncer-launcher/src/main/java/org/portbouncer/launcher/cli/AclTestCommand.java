package org.portbouncer.launcher.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.portbouncer.config.LoadResult;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.Nearest;
import org.portbouncer.core.config.Rate;
import org.portbouncer.core.config.Rule;
import org.portbouncer.launcher.view.Units;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bouncer acl test}: what the rules decide about a client; needs no server. */
@Command(
    name = "test",
    description = {
      "Show which rule decides about a client, why, and what it would get.",
      "Exit code 0: the client passes; 1: it is blocked."
    })
final class AclTestCommand implements Callable<Integer> {

  private static final JsonFactory JSON = new JsonFactory();

  private final Console console;

  @Mixin private ConfigFile file;

  @Option(
      names = "--listener",
      paramLabel = "NAME",
      required = true,
      description = "The listener that the client connects to.")
  private String listenerName;

  @Option(
      names = "--from",
      paramLabel = "IP[:PORT]",
      required = true,
      converter = ClientAddress.Converter.class,
      description = "The client.")
  private ClientAddress client;

  @Option(
      names = "--peer",
      paramLabel = "IP",
      converter = ClientAddress.Converter.class,
      description = "Who really connects, where a PROXY header names the client.")
  private ClientAddress peer;

  @Option(
      names = "--to",
      paramLabel = "IP[:PORT]",
      converter = ClientAddress.Converter.class,
      description =
          "The address that the client comes to; as far as one alone is possible, that of the"
              + " listener.")
  private ClientAddress to;

  @Option(
      names = "--at",
      paramLabel = "TIME",
      converter = PointInTime.class,
      description = "When it connects, as in 2026-11-21T08:00Z; now if absent.")
  private Instant at;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  AclTestCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws CommandException, IOException {
    LoadResult loaded = ConfigProblems.loadForServer(console, file.path());
    Configuration configuration = loaded.configuration();
    AclTest test =
        AclTest.of(
            configuration,
            listener(configuration),
            client,
            peer,
            to,
            at == null ? Instant.now() : at);
    if (json) {
      console.out().println(json(test));
    } else {
      print(test);
    }
    return test.passes() ? ExitCode.DONE : ExitCode.REFUSED;
  }

  private Listener listener(Configuration configuration) throws CommandException {
    List<String> names = new ArrayList<>();
    for (Listener listener : configuration.listeners()) {
      if (listener.name().equals(listenerName)) {
        return listener;
      }
      names.add(listener.name());
    }
    throw new CommandException(
        ExitCode.USAGE, "no listener '" + listenerName + "'" + Nearest.hint(listenerName, names));
  }

  // For people.

  private void print(AclTest test) {
    console
        .out()
        .println(
            "listener "
                + test.listener().name()
                + ", acl "
                + (test.acl() == null ? "none" : test.acl().name())
                + ", client "
                + test.client()
                + ", at "
                + test.at());
    if (test.zone() != null) {
      console.out().println("hours without a zone are in the system's, " + test.zone());
    }
    if (!test.client().hasPort() && mentionsPorts(test)) {
      console.out().println("no port is given: rules with from-port count as not matching");
    }
    for (int i = 0; i < test.considered().size(); i++) {
      console.out().println("  " + line(i + 1, test.considered().get(i)));
    }
    console.out().println((test.passes() ? "pass: " : "block: ") + test.reason());
    if (test.passes()) {
      console.out().println("limits: " + limits(test));
      console.out().println("bandwidth: " + (test.bandwidth() == null ? "-" : test.bandwidth()));
      console
          .out()
          .println(
              "target: "
                  + test.listener().target().text()
                  + (test.via() == null ? "" : ", via " + test.via()));
    }
  }

  private static boolean mentionsPorts(AclTest test) {
    return test.considered().stream().anyMatch(one -> !one.rule().fromPorts().isEmpty());
  }

  private static String line(int number, AclTest.Considered one) {
    Rule rule = one.rule();
    String name = rule.name().equals("#" + number) ? rule.name() : "#" + number + " " + rule.name();
    String outcome =
        one.whyNot().isEmpty()
            ? "matches, action " + action(rule)
            : String.join("; ", one.whyNot());
    return name + " (" + AclTest.place(rule) + "): " + outcome;
  }

  private static String limits(AclTest test) {
    Rule rule = test.rule();
    List<String> limits = new ArrayList<>();
    if (rule != null) {
      add(limits, "max-sessions", rule.maxSessions() == 0 ? null : "" + rule.maxSessions(), "");
      add(limits, "rate", text(rule.rate()), "");
      String per = " for source " + test.source();
      String most = rule.maxSessionsPerSource() == 0 ? null : "" + rule.maxSessionsPerSource();
      add(limits, "max-sessions-per-source", most, per);
      add(limits, "rate-per-source", text(rule.ratePerSource()), per);
    }
    return limits.isEmpty() ? "-" : String.join(", ", limits);
  }

  private static void add(List<String> limits, String name, String value, String per) {
    if (value != null) {
      limits.add(name + " " + value + per);
    }
  }

  private static String text(Rate rate) {
    return rate == null ? null : rate.count() + "/" + Units.duration(rate.periodMs());
  }

  private static String action(Rule rule) {
    return rule.action() == Rule.Action.PASS ? "pass" : "block";
  }

  // For programs.

  private static String json(AclTest test) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator out = JSON.createGenerator(text)) {
      out.writeStartObject();
      out.writeStringField("listener", test.listener().name());
      out.writeStringField("from", test.client().toString());
      out.writeStringField("at", test.at().toString());
      out.writeStringField("zone", test.zone());
      out.writeStringField("action", test.passes() ? "pass" : "block");
      out.writeStringField("acl", test.acl() == null ? null : test.acl().name());
      rule(out, test.rule());
      out.writeStringField("reason", test.reason());
      out.writeFieldName("limits");
      limits(out, test);
      out.writeStringField("bandwidth", test.passes() ? test.bandwidth() : null);
      out.writeStringField("target", test.listener().target().text());
      out.writeStringField("group", test.group());
      out.writeStringField("via", test.passes() ? test.via() : null);
      out.writeArrayFieldStart("considered");
      for (AclTest.Considered one : test.considered()) {
        out.writeStartObject();
        rule(out, one.rule());
        out.writeStringField("action", action(one.rule()));
        out.writeBooleanField("matches", one.whyNot().isEmpty());
        out.writeArrayFieldStart("why_not");
        for (String reason : one.whyNot()) {
          out.writeString(reason);
        }
        out.writeEndArray();
        out.writeEndObject();
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    return text.toString();
  }

  private static void rule(JsonGenerator out, Rule rule) throws IOException {
    if (rule == null) {
      out.writeNullField("rule");
      out.writeNullField("file");
      out.writeNullField("line");
    } else {
      out.writeStringField("rule", rule.name());
      out.writeStringField("file", rule.file());
      out.writeNumberField("line", rule.line());
    }
  }

  private static void limits(JsonGenerator out, AclTest test) throws IOException {
    Rule rule = test.passes() ? test.rule() : null;
    out.writeStartObject();
    number(out, "max_sessions", rule == null ? 0 : rule.maxSessions());
    number(out, "max_sessions_per_source", rule == null ? 0 : rule.maxSessionsPerSource());
    out.writeStringField("rate", rule == null ? null : text(rule.rate()));
    out.writeStringField("rate_per_source", rule == null ? null : text(rule.ratePerSource()));
    out.writeStringField("source", test.source());
    out.writeEndObject();
  }

  private static void number(JsonGenerator out, String name, int value) throws IOException {
    if (value == 0) {
      out.writeNullField(name);
    } else {
      out.writeNumberField(name, value);
    }
  }
}
