package org.portbouncer.launcher.importer;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.portbouncer.core.sys.Accounts;

/** Reads xinetd.conf: services with a redirect become listeners. */
final class XinetdReader {

  private static final List<Path> WRAPPERS =
      List.of(Path.of("/etc/hosts.allow"), Path.of("/etc/hosts.deny"));

  private final Draft draft = new Draft();
  private final Services services = new Services();
  private XinetdEntry defaults;

  private XinetdReader() {}

  static Draft read(Path file) throws UnreadableException {
    XinetdReader reader = new XinetdReader();
    List<XinetdEntry> entries = XinetdSyntax.read(file);
    reader.defaults = new XinetdEntry(new Origin(file.toString(), 1, ""), "", List.of());
    entries.stream()
        .filter(entry -> entry.service().isEmpty())
        .findFirst()
        .ifPresent(entry -> reader.defaults = entry);
    reader.log(reader.defaults);
    for (XinetdEntry entry : entries) {
      if (!entry.service().isEmpty() && reader.isOn(entry)) {
        reader.service(entry);
      }
    }
    return reader.draft;
  }

  private boolean isOn(XinetdEntry entry) {
    XinetdEntry.Attribute id = entry.one("id");
    String name = id == null ? entry.service() : id.first();
    boolean listed = defaults.one("enabled") == null || defaults.has("enabled", name);
    boolean disabled = defaults.one("enabled") == null && entry.has("disable", "yes");
    boolean named =
        defaults.attributes().stream()
            .anyMatch(one -> one.name().equals("disabled") && one.values().contains(name));
    return listed && !disabled && !named;
  }

  private void service(XinetdEntry entry) {
    XinetdEntry.Attribute redirect = entry.one("redirect");
    if (redirect == null) {
      draft.left(entry.origin(), "left out: it has no redirect; bouncer starts no programs");
      return;
    }
    String why = notServed(entry);
    if (why != null) {
      draft.note(entry.origin(), "left out, as xinetd does not serve it: " + why);
      return;
    }
    for (XinetdEntry.Attribute again : entry.passedOver()) {
      draft.note(again.origin(), "xinetd passes over it: the first " + again.name() + " counts");
    }
    if (entry.has("flags", "SENSOR")) {
      draft.left(entry.origin(), "left out: a sensor lets nobody in");
      return;
    }
    int port = services.tcp(redirect.values().size() < 2 ? "" : redirect.values().get(1));
    if (port < 0) {
      draft.left(redirect.origin(), "left out: it has no port, and xinetd does not serve it");
      return;
    }
    String listen = listen(entry);
    if (listen == null) {
      return;
    }
    ListenerPart part = new ListenerPart(entry.origin(), entry.service());
    XinetdEntry.Attribute where = entry.one("bind");
    XinetdEntry.Attribute number = entry.one("port");
    part.listen.add(
        new ListenerPart.Address(
            where != null ? where.origin() : number != null ? number.origin() : entry.origin(),
            listen));
    part.target(redirect.origin(), Addresses.join(redirect.first(), port));
    XinetdAccess access = new XinetdAccess(draft, entry, defaults, part.access);
    if (!access.read()) {
      return;
    }
    wrappers(entry, part);
    said(entry);
    log(entry);
    draft.listeners.add(part);
  }

  /** Why xinetd has no such service, though it says where to redirect; null where it has. */
  private String notServed(XinetdEntry entry) {
    XinetdEntry.Attribute socket = entry.one("socket_type");
    XinetdEntry.Attribute protocol = entry.one("protocol");
    boolean stream = socket == null ? protocol != null : socket.first().equals("stream");
    if (!stream || protocol != null && !protocol.first().startsWith("tcp")) {
      return "it redirects connections alone (socket_type = stream)";
    }
    if (!entry.has("wait", "no")) {
      return "a redirect needs wait = no";
    }
    if (entry.one("user") == null) {
      return "it has no user";
    }
    String unknown = unknownAccount(entry);
    if (unknown != null) {
      return unknown;
    }
    if (entry.has("flags", "NAMEINARGS")) {
      return "a redirect goes without the flag NAMEINARGS";
    }
    for (String type : List.of("RPC", "INTERNAL", "TCPMUX", "TCPMUXPLUS")) {
      if (entry.has("type", type)) {
        return "a redirect is of no service of the type " + type;
      }
    }
    if (!entry.has("type", "UNLISTED")) {
      int known = services.tcp(entry.service().matches("[0-9]+") ? "" : entry.service());
      if (known < 0) {
        return "it is not in /etc/services, nor of the type UNLISTED";
      }
      XinetdEntry.Attribute port = entry.one("port");
      if (port != null && services.tcp(port.first()) != known) {
        return "/etc/services says port " + known;
      }
    }
    return null;
  }

  /** A number is taken as it is, by xinetd too. */
  private static String unknownAccount(XinetdEntry entry) {
    String user = entry.one("user").first();
    if (!isNumber(user) && Accounts.user(user).isEmpty()) {
      return "this machine has no user '" + user + "'";
    }
    XinetdEntry.Attribute group = entry.one("group");
    if (group != null && !isNumber(group.first()) && Accounts.group(group.first()).isEmpty()) {
      return "this machine has no group '" + group.first() + "'";
    }
    return null;
  }

  private static boolean isNumber(String account) {
    return account.matches("[0-9]+");
  }

  private String listen(XinetdEntry entry) {
    XinetdEntry.Attribute number = entry.one("port");
    int port = services.tcp(number == null ? entry.service() : number.first());
    if (port < 0) {
      draft.left(entry.origin(), "left out: it has no port, and xinetd does not serve it");
      return null;
    }
    XinetdEntry.Attribute bind = either(entry, "bind", "interface");
    boolean only = entry.has("v6only", "yes") || defaults.has("v6only", "yes");
    if (bind == null) {
      boolean v4 = entry.has("flags", "IPv4") && !entry.has("flags", "IPv6");
      return v4 ? "0.0.0.0:" + port : (only ? DualStack.ONLY : "") + "[::]:" + port;
    }
    String address = Addresses.first(bind.first());
    if (address == null) {
      draft.left(bind.origin(), "left out: '" + bind.first() + "' has no address here now");
      return null;
    }
    if (!address.equals(bind.first())) {
      draft.note(
          bind.origin(),
          "'" + bind.first() + "' is " + address + " now; bouncer does not look again");
    }
    return (only && address.equals("::") ? DualStack.ONLY : "") + Addresses.join(address, port);
  }

  private XinetdEntry.Attribute either(XinetdEntry entry, String... names) {
    for (XinetdEntry one : List.of(entry, defaults)) {
      for (String name : names) {
        if (one.one(name) != null) {
          return one.one(name);
        }
      }
    }
    return null;
  }

  /** xinetd asks the TCP wrappers too; what they say is not read here. */
  private void wrappers(XinetdEntry entry, ListenerPart part) {
    if (entry.has("flags", "NOLIBWRAP")) {
      return;
    }
    for (Path file : WRAPPERS) {
      if (hasRules(file)) {
        draft.left(
            entry.origin(),
            "xinetd asks "
                + file
                + " too, which is not read here: all are blocked; delete the rule that does it"
                + " where that file does not name the service");
        part.access.blockFirst(entry.origin(), AddressSet.EVERYONE);
        return;
      }
    }
  }

  private static boolean hasRules(Path file) {
    try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
      return lines.map(String::strip).anyMatch(line -> !line.isEmpty() && !line.startsWith("#"));
    } catch (IOException none) {
      return false;
    }
  }

  private void said(XinetdEntry entry) {
    for (String name : List.of("banner", "banner_success", "banner_fail", "max_load")) {
      XinetdEntry.Attribute one = either(entry, name);
      if (one != null) {
        draft.left(
            one.origin(),
            name.equals("max_load")
                ? "clients are let in whatever the load is"
                : "clients do not get the text");
      }
    }
  }

  private void log(XinetdEntry entry) {
    XinetdEntry.Attribute log = entry.one("log_type");
    if (log == null || draft.settings.containsKey("log.access.to")) {
      return;
    }
    boolean file = log.first().equals("FILE") && log.values().size() > 1;
    draft.setting(
        log.origin(), "log.access.to", file ? Hocon.text("file:" + log.values().get(1)) : "syslog");
    draft.note(log.origin(), "the lines are bouncer's own (logfmt), of all listeners in one place");
  }
}
