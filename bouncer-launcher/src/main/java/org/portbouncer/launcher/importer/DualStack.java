package org.portbouncer.launcher.importer;

import java.util.List;

/**
 * A listener of bouncer's on [::] takes IPv4 clients too where no IPv4 address has its port. Where
 * the source's does not, a rule keeps them out.
 */
final class DualStack {

  private static final String ANY = "[::]:";

  /** What a reader puts in front of an address that is for IPv6 clients alone. */
  static final String ONLY = "v6only:";

  private DualStack() {}

  /** Settles all listeners, once all of them are known. */
  static void settle(Draft draft) {
    for (ListenerPart part : draft.listeners) {
      boolean open = false;
      for (int i = 0; i < part.listen.size(); i++) {
        ListenerPart.Address address = part.listen.get(i);
        if (address.text().startsWith(ONLY)) {
          String text = address.text().substring(ONLY.length());
          part.listen.set(i, new ListenerPart.Address(address.origin(), text));
          open |=
              text.startsWith(ANY)
                  && !hasV4(draft.listeners, part.udp, text.substring(ANY.length()));
        }
      }
      if (open) {
        keepOut(draft, part);
      }
    }
  }

  private static void keepOut(Draft draft, ListenerPart part) {
    List<ListenerPart.Address> v4 =
        part.listen.stream().filter(address -> !Addresses.isV6(address.text())).toList();
    if (v4.isEmpty()) {
      if (part.access.rules(part.origin).isEmpty()) {
        part.access.add(part.origin, true, AddressSet.EVERYONE);
      }
      if (part.acceptsProxy()) {
        part.access.blockPeersFirst(part.origin, AddressSet.EVERY_V4);
      } else {
        part.access.blockFirst(part.origin, AddressSet.EVERY_V4);
      }
      draft.note(
          part.origin,
          "is for IPv6 clients alone: IPv4 clients are closed by a rule, not refused a connection");
    } else {
      for (ListenerPart.Address address : List.copyOf(part.listen)) {
        if (address.text().startsWith(ANY)) {
          part.listen.remove(address);
          draft.left(
              address.origin(),
              address.text()
                  + " for IPv6 clients alone beside IPv4 addresses with other ports: left out, IPv6"
                  + " clients cannot connect there; give it a listener of its own");
        }
      }
    }
  }

  private static boolean hasV4(List<ListenerPart> parts, boolean udp, String port) {
    return parts.stream()
        .filter(part -> part.udp == udp)
        .flatMap(part -> part.listen.stream())
        .map(ListenerPart.Address::text)
        .anyMatch(
            text ->
                !text.startsWith("[") && text.endsWith(":" + port) && !text.startsWith("v6only:"));
  }
}
