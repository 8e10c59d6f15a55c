package org.portbouncer.negotiator.connect;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.negotiator.connect.TargetSockets.Address;

/**
 * In which order the addresses of a target's name are tried (RFC 8305, section 4): as the system's
 * resolver sorts them, but IPv6 and IPv4 in turn, and before them all the one that answered last.
 * On the thread of the connect worker's loop.
 */
final class AddressBook {

  /**
   * After so long the resolver's order counts again: what did not answer once is not avoided for
   * ever.
   */
  static final long REMEMBERED_NANOS = 600_000_000_000L;

  /** More targets than any configuration has; those of older ones go then. */
  private static final int MOST = 4096;

  private static final class Page {
    private InetAddress[] found = {};
    private Address[] order = {};

    /** The one that answered though it was not the first; null for none. */
    private Address answered;

    private long answeredAt;
  }

  private final Map<Endpoint, Page> pages = new HashMap<>();

  /**
   * The addresses of a target, the first to be tried first.
   *
   * @param found as the resolver gave them; at least one
   * @param now the loop's clock
   * @return not to be changed, and none of it changes while it is used
   */
  Address[] order(Endpoint target, InetAddress[] found, long now) {
    Page page = pages.get(target);
    if (page == null) {
      if (pages.size() == MOST) {
        pages.clear();
      }
      page = new Page();
      pages.put(target, page);
    }
    boolean forget = page.answered != null && now - page.answeredAt > REMEMBERED_NANOS;
    if (forget) {
      page.answered = null;
    }
    if (forget || !Arrays.equals(found, page.found)) {
      page.order = inTurn(found, target, page.answered);
    }
    page.found = found;
    return page.order;
  }

  /** One of several addresses has answered. */
  void answered(Endpoint target, Address address, long now) {
    Page page = pages.get(target);
    if (page == null || page.order.length < 2 || page.order[0].equals(address)) {
      return;
    }
    page.answered = address;
    page.answeredAt = now;
    page.order = inTurn(page.found, target, address);
  }

  private static Address[] inTurn(InetAddress[] found, Endpoint target, Address first) {
    List<Address> sameFamily = new ArrayList<>();
    List<Address> otherFamily = new ArrayList<>();
    for (InetAddress one : found) {
      boolean same = one instanceof Inet6Address == found[0] instanceof Inet6Address;
      (same ? sameFamily : otherFamily).add(new Address(one, target.port(), target.udp()));
    }
    List<Address> order = new ArrayList<>();
    for (int i = 0; i < Math.max(sameFamily.size(), otherFamily.size()); i++) {
      if (i < sameFamily.size()) {
        order.add(sameFamily.get(i));
      }
      if (i < otherFamily.size()) {
        order.add(otherFamily.get(i));
      }
    }
    if (first != null && order.remove(first)) {
      order.addFirst(first);
    }
    return order.toArray(Address[]::new);
  }
}
