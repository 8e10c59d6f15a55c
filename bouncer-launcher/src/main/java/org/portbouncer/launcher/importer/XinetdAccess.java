package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whom a service of xinetd's lets in, when, and how many. */
final class XinetdAccess {

  private static final Pattern TIMES =
      Pattern.compile("([0-9]{1,2}):([0-9]{1,2})-([0-9]{1,2}):([0-9]{1,2})");

  private final Draft draft;
  private final XinetdEntry service;
  private final XinetdEntry defaults;
  private final Access access;

  XinetdAccess(Draft draft, XinetdEntry service, XinetdEntry defaults, Access access) {
    this.draft = draft;
    this.service = service;
    this.defaults = defaults;
    this.access = access;
  }

  /** False where xinetd does not serve it, which has been said. */
  boolean read() {
    String hours = hours();
    if (hours == null) {
      return false;
    }
    no();
    only();
    if (!hours.isEmpty()) {
      Origin origin = service.one("access_times").origin();
      access.all(new Entry(origin, "when", Hocon.text(hours)));
    }
    limit("instances", "max-sessions");
    limit("per_source", "max-sessions-per-source");
    rate();
    return true;
  }

  // By address.

  /** no_access wins over only_from, whichever fits better. */
  private void no() {
    for (XinetdEntry.Attribute one : inForce("no_access")) {
      AddressSet set = AddressSet.NONE;
      for (String text : one.values()) {
        XinetdAddress address = XinetdAddress.of(text);
        set = set.union(address.perhaps());
        say(one, text, address, "all are blocked");
      }
      access.add(one.origin(), false, set);
    }
  }

  private void only() {
    AddressSet set = AddressSet.NONE;
    List<Origin> origins = new ArrayList<>();
    List<XinetdEntry.Attribute> attributes = inForce("only_from");
    for (XinetdEntry.Attribute one : attributes) {
      origins.add(one.origin());
      for (String text : one.values()) {
        XinetdAddress address = XinetdAddress.of(text);
        set = set.union(address.surely());
        say(one, text, address, "it lets nobody in");
      }
    }
    boolean blocked = !attributes.isEmpty() && set.isEmpty();
    if (attributes.isEmpty()) {
      access.add(service.origin(), true, AddressSet.EVERYONE);
    } else {
      access.add(origins, !blocked, blocked ? AddressSet.EVERYONE : set, List.of());
    }
  }

  private void say(
      XinetdEntry.Attribute one, String text, XinetdAddress address, String otherwise) {
    boolean exact = address.perhaps().minus(address.surely()).isEmpty();
    if (!exact) {
      draft.left(one.origin(), "'" + text + "' " + address.surprise() + "; " + otherwise);
    } else if (address.surprise() != null) {
      draft.note(one.origin(), "'" + text + "': " + address.surprise());
    }
  }

  /**
   * The lines that count: from the last with "=" on, and the defaults' before where there is none.
   * What "-=" takes away is taken out of them.
   */
  private List<XinetdEntry.Attribute> inForce(String name) {
    List<XinetdEntry.Attribute> lines = new ArrayList<>();
    for (XinetdEntry entry : List.of(defaults, service)) {
      for (XinetdEntry.Attribute one : entry.attributes()) {
        if (!one.name().equals(name)) {
          continue;
        }
        if (one.operator().equals("-=")) {
          lines.replaceAll(
              line ->
                  new XinetdEntry.Attribute(
                      line.origin(),
                      name,
                      line.operator(),
                      line.values().stream().filter(v -> !one.values().contains(v)).toList()));
        } else {
          if (one.operator().equals("=") && !lines.isEmpty()) {
            draft.note(one.origin(), "replaces what was said before; '+=' would add to it");
            lines.clear();
          }
          lines.add(one);
        }
      }
    }
    return lines;
  }

  // By time and number.

  /** As a schedule; "" where there are no hours, null where the service is not there for them. */
  private String hours() {
    XinetdEntry.Attribute times = service.one("access_times");
    if (times == null) {
      return "";
    }
    List<String> windows = new ArrayList<>();
    for (String text : times.values()) {
      Matcher time = TIMES.matcher(text);
      int[] number = new int[4];
      for (int i = 0; time.matches() && i < 4; i++) {
        number[i] = Integer.parseInt(time.group(i + 1));
      }
      int from = number[0] * 60 + number[1];
      int to = number[2] * 60 + number[3];
      boolean possible =
          time.matches()
              && number[0] < 24
              && number[2] < 24
              && number[1] < 60
              && number[3] < 60
              && from <= to;
      if (!possible) {
        draft.note(
            times.origin(),
            "left out, as xinetd does: hours that pass midnight, or end at 24:00, make the whole"
                + " service vanish");
        return null;
      }
      // The minute that ends it still counts.
      windows.add(
          String.format("%02d:%02d-%02d:%02d", from / 60, from % 60, (to + 1) / 60, (to + 1) % 60));
    }
    return String.join("; ", windows);
  }

  private XinetdEntry.Attribute limit(String name) {
    return service.one(name) != null ? service.one(name) : defaults.one(name);
  }

  private void limit(String name, String key) {
    XinetdEntry.Attribute one = limit(name);
    if (one == null || one.first().equals("UNLIMITED")) {
      return;
    }
    if (!one.first().matches("[1-9][0-9]{0,8}")) {
      draft.note(one.origin(), "lets nobody in");
      access.blockFirst(one.origin(), AddressSet.EVERYONE);
      return;
    }
    access.all(new Entry(one.origin(), key, one.first()));
    if (name.equals("per_source")) {
      draft.setting(one.origin(), "source-prefix.v6", "128");
    }
  }

  private void rate() {
    XinetdEntry.Attribute one = limit("cps");
    if (one == null) {
      access.all(new Entry(service.origin(), "rate", Hocon.text("50/1s")));
      return;
    }
    if (one.first().matches("[1-9][0-9]{0,8}")) {
      access.all(new Entry(one.origin(), "rate", Hocon.text(one.first() + "/1s")));
      draft.left(
          one.origin(),
          "more than "
              + one.first()
              + " a second are closed one by one; the service is not closed"
              + " to all for "
              + (one.values().size() > 1 ? one.values().get(1) : "10")
              + " s");
    }
  }
}
