package org.portbouncer.launcher.importer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.portbouncer.acl.acl.RuleMatcher;
import org.portbouncer.config.ConfigLoader;
import org.portbouncer.config.LoadResult;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.IpAddress;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.TargetGroup;

/** A text imported, and what came of it loaded again. */
record Trial(Imported imported, Configuration configuration) {

  /** Imports a text as source.conf of {@code folder}. */
  static Trial of(SourceFormat format, Path folder, String text) throws Exception {
    Path source = Files.writeString(folder.resolve("source.conf"), text);
    Imported imported = Importer.of(format, source);
    Path made = Files.writeString(folder.resolve("made.conf"), imported.text());
    LoadResult loaded = ConfigLoader.load(made);
    assertThat(loaded.isOk()).as("%s%n%s", loaded.problems(), imported.text()).isTrue();
    return new Trial(imported, loaded.configuration());
  }

  /** Remarks without the folder: "12: text". */
  List<String> remarks() {
    List<String> texts = new ArrayList<>();
    for (Remark remark : imported.remarks()) {
      String text = remark.toString();
      texts.add(text.substring(text.indexOf("source.conf:") + "source.conf:".length()));
    }
    return texts;
  }

  Listener listener(String name) {
    return configuration.listeners().stream()
        .filter(listener -> listener.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no listener " + name + ":\n" + imported.text()));
  }

  List<String> listen(String name) {
    return listener(name).listen().stream().map(Endpoint::text).toList();
  }

  String target(String name) {
    return listener(name).target().text();
  }

  TargetGroup group(String name) {
    return configuration.targets().get(listener(name).group());
  }

  /** The rule that decides about a client now; null where none does. */
  Rule rule(String listener, String client) {
    return rule(listener, client, Instant.now());
  }

  Rule rule(String listener, String client, Instant at) {
    Acl acl = configuration.acls().get(listener(listener).acl());
    int index = new RuleMatcher(acl).match(IpAddress.parse(client), 40_000, at.toEpochMilli());
    return index == RuleMatcher.NONE ? null : acl.rules().get(index);
  }

  /** Whether a client is let in for whom {@code peer} connects with a PROXY header. */
  boolean passes(String listener, String peer, String client) {
    Acl acl = configuration.acls().get(listener(listener).acl());
    RuleMatcher matcher = new RuleMatcher(acl);
    matcher.arrival(IpAddress.parse(peer), null, 0);
    int index = matcher.match(IpAddress.parse(client), 40_000, Instant.now().toEpochMilli());
    return index != RuleMatcher.NONE && acl.rules().get(index).action() == Rule.Action.PASS;
  }

  /** Whether a client is let in. */
  boolean passes(String listener, String client) {
    if (listener(listener).acl() < 0) {
      return true;
    }
    Rule rule = rule(listener, client);
    return rule != null && rule.action() == Rule.Action.PASS;
  }
}
