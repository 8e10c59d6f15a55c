package org.portbouncer.launcher.importer;

import java.util.ArrayList;
import java.util.List;

/** A listener as it is found in a source, being filled by its reader. */
final class ListenerPart {

  /**
   * Where it listens.
   *
   * @param origin the line that says so
   * @param text as in bouncer.conf
   */
  record Address(Origin origin, String text) {}

  /** The line it begins in. */
  final Origin origin;

  /** What it is called, so that it can be made unlike others. */
  final String wish;

  /** Whether clients send datagrams; its addresses and targets are written so, and not kept so. */
  final boolean udp;

  final List<Address> listen = new ArrayList<>();

  /** Keys of the listener's block, in order. */
  final List<Entry> entries = new ArrayList<>();

  final Access access = new Access();

  /** Who begins with a PROXY header; null for nobody. */
  private AddressSet headers;

  /** Where sessions go; null where an entry says so. */
  private GroupPart group;

  ListenerPart(Origin origin, String wish) {
    this(origin, wish, false);
  }

  ListenerPart(Origin origin, String wish, boolean udp) {
    this.origin = origin;
    this.wish = wish;
    this.udp = udp;
  }

  /** Everyone of these must begin with a PROXY header. */
  void acceptProxy(Origin from, AddressSet who) {
    headers = who;
    entry(from, "accept-proxy.from", Hocon.texts(who.networks()));
  }

  /** Who begins with a PROXY header. */
  AddressSet proxies() {
    return headers == null ? AddressSet.NONE : headers;
  }

  /** Whether clients may be others than those who connect. */
  boolean acceptsProxy() {
    return headers != null;
  }

  /** The group that sessions go to; null where there is one target. */
  GroupPart group() {
    return group;
  }

  /** Sends sessions to these members. */
  void target(GroupPart to) {
    if (to.isPlain()) {
      Member only = to.members.getFirst();
      target(only.origin(), only.address());
      if (only.send() != null) {
        entry(only.origin(), "send-proxy", only.send());
      }
    } else {
      group = to;
    }
  }

  /** Sends sessions to one place. */
  void target(Origin from, String address) {
    entry(from, "target", Hocon.text(written(address)));
  }

  /** An address as bouncer.conf has it. */
  String written(String address) {
    return (udp ? "udp:" : "") + address;
  }

  void entry(Origin from, String key, String value) {
    entries.add(new Entry(from, key, value));
  }
}
