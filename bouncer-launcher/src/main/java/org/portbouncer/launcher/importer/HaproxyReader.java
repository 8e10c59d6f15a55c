package org.portbouncer.launcher.importer;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads haproxy.cfg: frontends and listens with mode tcp become listeners. */
final class HaproxyReader {

  private final Draft draft = new Draft();
  private final Path folder;
  private final List<HaproxySection> sections;
  private final Map<String, GroupPart> groups = new HashMap<>();

  private HaproxyReader(Path file, List<HaproxySection> sections) {
    this.folder = file.toAbsolutePath().getParent();
    this.sections = sections;
  }

  static Draft read(Path file) throws UnreadableException {
    HaproxyReader reader = new HaproxyReader(file, HaproxySyntax.read(file));
    for (HaproxySection section : reader.sections) {
      switch (section.kind) {
        case "global" -> reader.global(section);
        case "frontend", "listen" -> reader.front(section);
        case "log-forward", "program", "peers" -> reader.alone(section);
        default -> {
          // defaults and backends are read where they are used
        }
      }
    }
    return reader.draft;
  }

  /** What listens, or runs, for something else than to forward connections. */
  private void alone(HaproxySection section) {
    draft.left(
        section.origin,
        switch (section.kind) {
          case "log-forward" ->
              "left out: messages of syslog are not taken; a listener with udp: passes datagrams on"
                  + " as they are, to one log server";
          case "program" -> "left out: bouncer starts no programs";
          default -> "left out: limits of several machines are shared by cluster { redis, name }";
        });
  }

  private void global(HaproxySection section) {
    HaproxySection.Line most = section.last("maxconn");
    if (most != null && most.word(1).matches("[1-9][0-9]{0,5}")) {
      draft.setting(most.origin(), "limits.max-sessions", most.word(1));
      draft.left(
          most.origin(),
          "clients above it wait there until others have gone; here they are closed");
    }
    log(section);
  }

  private void log(HaproxySection section) {
    for (HaproxySection.Line line : section.own("log")) {
      String to = line.word(1);
      if (to.startsWith("/") && !draft.settings.containsKey("log.access.to")) {
        draft.setting(line.origin(), "log.access.to", "syslog");
        draft.setting(line.origin(), "log.access.syslog", Hocon.text(to));
      } else if (!to.matches("global|stdout|fd@1|/.*")) {
        draft.left(line.origin(), "the access log is not sent to " + to);
      }
    }
  }

  private void front(HaproxySection section) throws UnreadableException {
    if (!section.own("disabled").isEmpty()) {
      return;
    }
    if (!section.isTcp()) {
      draft.left(section.origin, "left out: only mode tcp is carried over");
      return;
    }
    ListenerPart part = new ListenerPart(section.origin, section.name);
    HaproxyBind bind = new HaproxyBind(draft, part);
    section.own("bind").forEach(bind::read);
    if (part.listen.isEmpty()) {
      draft.left(section.origin, "left out: no address of it is left to listen on");
      return;
    }
    HaproxyConditions conditions = new HaproxyConditions(section, folder);
    HaproxyAccess access = new HaproxyAccess(draft, section, sections, part, conditions);
    if (!access.read()) {
      return;
    }
    HaproxySection backend = backend(section, conditions, access);
    if (backend == null || !target(section, backend, part)) {
      return;
    }
    if (backend != section
        && !new HaproxyAccess(
                draft, backend, sections, part, new HaproxyConditions(backend, folder))
            .readInto(access)) {
      return;
    }
    access.settle();
    limits(section, part);
    new HaproxyTimeouts(section, backend, part).read();
    log(section);
    draft.listeners.add(part);
  }

  private boolean target(HaproxySection section, HaproxySection backend, ListenerPart part) {
    int port = HaproxyBind.port(part);
    String key = backend.name + " " + backend.kind + " " + port;
    if (!groups.containsKey(key)) {
      groups.put(key, new HaproxyBackend(draft, backend).group(port));
    }
    GroupPart group = groups.get(key);
    if (group == null) {
      draft.left(section.origin, "left out: sessions have nowhere to go");
      return false;
    }
    part.target(group);
    return true;
  }

  /**
   * Where sessions go. A listener has one target: clients that would go elsewhere are blocked. null
   * where there is none, which has been said.
   */
  private HaproxySection backend(
      HaproxySection section, HaproxyConditions conditions, HaproxyAccess access)
      throws UnreadableException {
    HaproxySection.Line main = section.last("default_backend");
    for (HaproxySection.Line use : section.own("use_backend")) {
      List<String> condition =
          use.words().subList(Math.min(2, use.words().size()), use.words().size());
      HaproxyConditions.Bounds bounds = conditions.of(condition);
      if (bounds.surely().isEveryone()) {
        main = use;
        break;
      }
      draft.left(
          use.origin(),
          "a listener here has one target: clients that may be meant are blocked; give them a"
              + " listener of their own");
      access.block(use.origin(), bounds.perhaps());
    }
    if (main == null) {
      if (section.kind.equals("listen")) {
        return section;
      }
      draft.left(section.origin, "left out: it has no backend for everyone");
      return null;
    }
    String name = main.word(1);
    for (HaproxySection one : sections) {
      if (one.name.equals(name) && (one.kind.equals("backend") || one.kind.equals("listen"))) {
        return one;
      }
    }
    throw new UnreadableException(main.origin(), "there is no backend '" + name + "'");
  }

  private void limits(HaproxySection section, ListenerPart part) {
    HaproxySection.Line most = section.last("maxconn");
    if (most != null && most.word(1).matches("[1-9][0-9]{0,8}")) {
      part.access.all(new Entry(most.origin(), "max-sessions", most.word(1)));
      draft.left(
          most.origin(),
          "clients above it wait there until others have gone; here they are closed");
    }
    HaproxySection.Line rate = section.last("rate-limit", "sessions");
    if (rate != null && rate.word(2).matches("[1-9][0-9]{0,8}")) {
      part.access.all(new Entry(rate.origin(), "rate", Hocon.text(rate.word(2) + "/1s")));
      draft.left(rate.origin(), "clients above it wait there; here they are closed");
    }
  }
}
