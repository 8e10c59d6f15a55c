package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.portbouncer.core.sys.Printable;

/**
 * Writes a draft as bouncer.conf: above each part the line it comes from, and below that what is to
 * be said of it. One writer writes one draft.
 */
final class ConfigWriter {

  private final Draft draft;
  private final StringBuilder out = new StringBuilder();
  private final Map<Integer, ListenerPart> owners = new HashMap<>();
  private final Set<Remark> said = new HashSet<>();
  private final Map<GroupPart, String> groups = new LinkedHashMap<>();
  private final Map<GroupPart, ListenerPart> users = new HashMap<>();
  private int line = 1;
  private ListenerPart writing;
  private Origin last;

  ConfigWriter(Draft draft) {
    this.draft = draft;
  }

  /** The whole text. */
  String write(String head) {
    line("", "# " + head);
    line("", "# Above each part stands the line it comes from.");
    line("", "bouncer {");
    List<ListenerPart> parts = draft.listeners;
    Map<ListenerPart, String> names = new HashMap<>();
    parts.forEach(part -> names.put(part, draft.name(part.wish)));
    for (ListenerPart part : parts) {
      if (part.group() != null && !groups.containsKey(part.group())) {
        groups.put(part.group(), draft.name(part.group().wish));
        users.put(part.group(), part);
      }
    }
    line("  ", "listeners {");
    for (ListenerPart part : parts) {
      writing = part;
      listener(part, names.get(part));
    }
    writing = null;
    line("  ", "}");
    groups();
    acls(parts, names);
    bandwidth();
    settings();
    line("", "}");
    rest();
    return out.toString();
  }

  /** Whose a line of the text is; null where it is nobody's. */
  ListenerPart ownerOf(int number) {
    return owners.get(number);
  }

  private void listener(ListenerPart part, String name) {
    last = null;
    origin("    ", part.origin);
    line("    ", name + " {");
    List<String> addresses = new ArrayList<>();
    for (ListenerPart.Address address : part.listen) {
      origin("      ", address.origin());
      addresses.add(part.written(address.text()));
    }
    line("      ", "listen = " + Hocon.texts(addresses));
    if (part.group() != null) {
      line("      ", "target = " + Hocon.text("group:" + groups.get(part.group())));
    }
    for (Entry entry : part.entries) {
      origin("      ", entry.origin());
      line("      ", entry.key() + " = " + entry.value());
    }
    if (!part.access.rules(part.origin).isEmpty()) {
      line("      ", "acl = " + name);
    }
    line("    ", "}");
  }

  private void groups() {
    if (groups.isEmpty()) {
      return;
    }
    line("  ", "targets {");
    groups.forEach(
        (group, name) -> {
          writing = users.get(group);
          last = null;
          origin("    ", group.origin);
          line("    ", name + " {");
          line("      ", "members = [");
          for (Member member : group.members) {
            origin("        ", member.origin());
            line("        ", member.text(writing.written(member.address())));
          }
          line("      ", "]");
          for (Entry entry : group.entries) {
            origin("      ", entry.origin());
            line("      ", entry.key() + " = " + entry.value());
          }
          line("    ", "}");
        });
    writing = null;
    line("  ", "}");
  }

  private void acls(List<ListenerPart> parts, Map<ListenerPart, String> names) {
    if (parts.stream().allMatch(part -> part.access.rules(part.origin).isEmpty())) {
      return;
    }
    line("  ", "acls {");
    for (ListenerPart part : parts) {
      List<AclRule> rules = part.access.rules(part.origin);
      if (!rules.isEmpty()) {
        writing = part;
        line("    ", names.get(part) + " = [");
        rules.forEach(this::rule);
        line("    ", "]");
      }
    }
    writing = null;
    line("  ", "}");
  }

  private void rule(AclRule rule) {
    last = null;
    for (Origin origin : rule.origins()) {
      origin("      ", origin);
    }
    for (Entry entry : rule.entries()) {
      origin("      ", entry.origin());
    }
    StringBuilder text = new StringBuilder("{ action = ").append(rule.pass() ? "pass" : "block");
    if (!rule.from().isEveryone()) {
      text.append(rule.ofPeer() ? ", peer = " : ", from = ")
          .append(Hocon.texts(rule.from().networks()));
    }
    for (Entry entry : rule.entries()) {
      text.append(", ").append(entry.key()).append(" = ").append(entry.value());
    }
    line("      ", text.append(" }").toString());
  }

  private void bandwidth() {
    if (draft.bandwidth.isEmpty()) {
      return;
    }
    line("  ", "bandwidth {");
    draft.bandwidth.forEach(
        (name, entries) -> {
          last = null;
          StringBuilder text = new StringBuilder(name).append(" { ");
          for (Entry entry : entries) {
            origin("    ", entry.origin());
            text.append(text.charAt(text.length() - 2) == '{' ? "" : ", ");
            text.append(entry.key()).append(" = ").append(entry.value());
          }
          line("    ", text.append(" }").toString());
        });
    line("  ", "}");
  }

  private void settings() {
    last = null;
    for (Entry entry : draft.settings.values()) {
      origin("  ", entry.origin());
      line("  ", entry.key() + " = " + entry.value());
    }
  }

  /** What is said of lines that have become nothing. */
  private void rest() {
    boolean any = false;
    for (Remark remark : draft.remarks) {
      if (!said.contains(remark)) {
        if (!any) {
          line("", "");
          line("", "# What stands nowhere above:");
        }
        any = true;
        origin("", remark.origin());
      }
    }
  }

  /** The line something comes from, unless it was the last to be named, and what is said of it. */
  private void origin(String indent, Origin origin) {
    if (origin.equals(last)) {
      return;
    }
    last = origin;
    line(indent, "# " + origin.place() + ": " + origin.text());
    for (Remark remark : draft.remarks) {
      if (remark.origin().equals(origin) && said.add(remark)) {
        line(indent, "#   " + (remark.left() ? "not carried over: " : "note: ") + remark.text());
      }
    }
  }

  private void line(String indent, String text) {
    out.append(text.isEmpty() ? "" : indent + Printable.of(text)).append('\n');
    if (writing != null) {
      owners.put(line, writing);
    }
    line++;
  }
}
