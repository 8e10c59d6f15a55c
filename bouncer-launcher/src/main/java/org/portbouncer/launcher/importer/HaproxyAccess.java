package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whom the tcp-request rules of a section let in. */
final class HaproxyAccess {

  private static final List<String> STAGES = List.of("connection", "session", "content");
  private static final Pattern COUNTER =
      Pattern.compile("(?:src_|sc[0-9]?_)(conn_cur|conn_rate)(?:\\(.*\\))?");
  private static final Pattern RATE = Pattern.compile(".*conn_rate\\(([0-9a-z]+)\\).*");

  /** Actions after which a client is let in or not as before, and comes out where it did. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of("capture", "set-log-level", "set-nice", "send-spoe-group", "set-tos", "set-mark");

  private final Draft draft;
  private final HaproxySection section;
  private final List<HaproxySection> sections;
  private final ListenerPart part;
  private final HaproxyConditions conditions;

  /** Lines that keep somebody out, and whom. */
  private final List<AclRule> blocks = new ArrayList<>();

  /** The same, of who really connected. */
  private final List<AclRule> peerBlocks = new ArrayList<>();

  private final List<Origin> accepts = new ArrayList<>();

  HaproxyAccess(
      Draft draft,
      HaproxySection section,
      List<HaproxySection> sections,
      ListenerPart part,
      HaproxyConditions conditions) {
    this.draft = draft;
    this.section = section;
    this.sections = sections;
    this.part = part;
    this.conditions = conditions;
  }

  /** False where it does what makes all of the listener something else, which has been said. */
  boolean read() {
    List<HaproxySection.Line> early = section.all("tcp-request", "connection");
    for (HaproxySection.Line line : early) {
      boolean some = early.stream().anyMatch(one -> one.word(2).equals("accept"));
      if (line.word(2).equals("expect-proxy") && !expect(line, some)) {
        return false;
      }
    }
    for (String stage : STAGES) {
      AddressSet accepted = AddressSet.NONE;
      for (HaproxySection.Line line : section.all("tcp-request", stage)) {
        String action = line.word(2);
        List<String> condition = condition(line);
        switch (action) {
          case "accept" -> {
            accepted = accepted.union(said(line, condition, true).surely());
            accepts.add(line.origin());
          }
          case "reject", "silent-drop" -> reject(line, condition, accepted);
          case "expect-proxy" -> {
            // Was read before, because it says what rules before it are about.
          }
          default -> {
            if (!other(line, action)) {
              return false;
            }
          }
        }
      }
    }
    return true;
  }

  private static List<String> condition(HaproxySection.Line line) {
    for (int i = 3; i < line.words().size(); i++) {
      if (line.word(i).equals("if") || line.word(i).equals("unless")) {
        return line.words().subList(i, line.words().size());
      }
    }
    return List.of();
  }

  private HaproxyConditions.Bounds said(
      HaproxySection.Line line, List<String> condition, boolean accept) {
    HaproxyConditions.Bounds bounds = conditions.of(condition);
    if (!bounds.isExact()) {
      draft.left(
          line.origin(),
          accept
              ? "asks for more than addresses: whom it accepts, the next rules are asked about"
              : "asks for more than addresses: all whom it may reject are blocked");
    }
    return bounds;
  }

  private void reject(HaproxySection.Line line, List<String> condition, AddressSet accepted) {
    if (limit(line, conditions.single(condition))) {
      return;
    }
    AddressSet from = said(line, condition, false).perhaps().minus(accepted);
    boolean ofPeer = isOfPeer(line);
    (ofPeer ? peerBlocks : blocks)
        .add(new AclRule(List.of(line.origin()), false, from, ofPeer, List.of()));
    if (line.word(2).equals("reject") && line.word(1).equals("connection")) {
      draft.note(line.origin(), "HAProxy resets whom it rejects; bouncer closes");
    }
  }

  /** Rules of connections see who connected; later ones the client that a header names. */
  private boolean isOfPeer(HaproxySection.Line line) {
    return part.acceptsProxy() && line.word(1).equals("connection");
  }

  /** Who must begin with a PROXY header; false where that is not said by addresses alone. */
  private boolean expect(HaproxySection.Line line, boolean someAccepted) {
    HaproxyConditions.Bounds bounds = conditions.of(condition(line));
    boolean inet = part.listen.stream().noneMatch(one -> one.text().startsWith("unix:"));
    if (!bounds.isExact()
        || someAccepted
        || !inet
        || part.acceptsProxy()
        || bounds.surely().isEmpty()) {
      draft.left(
          line.origin(),
          "left out: clients begin with a PROXY header, and whether one does is not said by"
              + " networks alone");
      return false;
    }
    part.acceptProxy(line.origin(), bounds.surely());
    return true;
  }

  private boolean other(HaproxySection.Line line, String action) {
    boolean track = action.startsWith("track-sc") || action.startsWith("sc-");
    if (track || WITHOUT_EFFECT.contains(action) || action.startsWith("set-var")) {
      return true;
    }
    draft.left(line.origin(), "left out: what '" + action + "' does is not done here");
    return false;
  }

  /** Reads a backend's rules, and adds whom they keep out to those of the frontend. */
  boolean readInto(HaproxyAccess front) {
    boolean possible = read();
    front.blocks.addAll(blocks);
    return possible;
  }

  /** Blocks these clients, too, before anything else is asked. */
  void block(Origin origin, AddressSet from) {
    blocks.add(new AclRule(List.of(origin), false, from, List.of()));
  }

  /** Writes down what has been found. */
  void settle() {
    AddressSet blocked = AddressSet.NONE;
    List<Origin> origins = new ArrayList<>(accepts);
    for (AclRule rule : blocks) {
      blocked = blocked.union(rule.from());
      origins.addAll(rule.origins());
    }
    if (blocked.isEmpty() && peerBlocks.isEmpty()) {
      return;
    }
    settle(blocked, origins);
    for (AclRule rule : peerBlocks.reversed()) {
      part.access.blockPeersFirst(rule.origins().getFirst(), rule.from());
    }
  }

  private void settle(AddressSet blocked, List<Origin> origins) {
    AddressSet passing = blocked.complement();
    if (passing.isEmpty()) {
      part.access.add(origins, false, AddressSet.EVERYONE, List.of());
    } else if (passing.networks().size() < blocked.networks().size()) {
      part.access.add(origins, true, passing, List.of());
    } else {
      blocks.forEach(rule -> part.access.add(rule.origins(), false, rule.from(), List.of()));
      List<Origin> own = accepts.isEmpty() ? List.of(section.origin) : accepts;
      part.access.add(own, true, AddressSet.EVERYONE, List.of());
    }
  }

  // Counters.

  /** Rejecting those who have too many is a limit. */
  private boolean limit(HaproxySection.Line line, List<String> fetch) {
    Matcher counter = COUNTER.matcher(fetch.isEmpty() ? "" : fetch.getFirst());
    boolean compares =
        fetch.size() == 3 && fetch.get(1).matches("gt|ge") && fetch.get(2).matches("[0-9]{1,9}");
    if (!counter.matches() || !compares) {
      return false;
    }
    int most = Integer.parseInt(fetch.get(2)) - (fetch.get(1).equals("ge") ? 1 : 0);
    if (most < 1) {
      return false;
    }
    draft.setting(line.origin(), "source-prefix.v6", "128");
    String by = isOfPeer(line) || isTrackedByPeer() ? "" : "-per-source";
    if (by.isEmpty()) {
      draft.left(
          line.origin(), "counts by who connects there; here all of the listener's together");
    }
    if (counter.group(1).equals("conn_cur")) {
      part.access.all(new Entry(line.origin(), "max-sessions" + by, Integer.toString(most)));
      return true;
    }
    long period = period();
    if (period <= 0) {
      return false;
    }
    part.access.all(
        new Entry(line.origin(), "rate" + by, Hocon.text(most + "/" + Hocon.duration(period))));
    return true;
  }

  private boolean isTrackedByPeer() {
    return part.acceptsProxy()
        && section.all("tcp-request", "connection").stream()
            .anyMatch(line -> line.word(2).startsWith("track-sc"));
  }

  /** Of the table of this section, or else of the first that has a rate. */
  private long period() {
    List<HaproxySection> order = new ArrayList<>(List.of(section));
    order.addAll(sections);
    for (HaproxySection one : order) {
      for (HaproxySection.Line table : one.own("stick-table")) {
        Matcher rate = RATE.matcher(String.join(" ", table.words()));
        if (rate.matches()) {
          return HaproxyTime.millis(rate.group(1));
        }
      }
    }
    return -1;
  }
}
