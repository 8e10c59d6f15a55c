package org.portbouncer.core.config;

import java.util.ArrayList;
import java.util.List;

/** Finds listen addresses that cannot be bound together. Runs in the mother and in commands. */
final class ListenAddresses {

  private record Used(Endpoint endpoint, String listener, Where where) {}

  private final List<Used> used = new ArrayList<>();

  /**
   * Adds one.
   *
   * @throws InvalidValueException when it is used already
   */
  void add(Endpoint endpoint, String listener, Where where) {
    for (Used before : used) {
      if (clash(before.endpoint(), endpoint)) {
        boolean same = before.endpoint().host().equals(endpoint.host());
        throw new InvalidValueException(
            "the address "
                + endpoint.text()
                + (same ? " is used already, by" : " overlaps that of")
                + " listener '"
                + before.listener()
                + "' at "
                + before.where());
      }
    }
    used.add(new Used(endpoint, listener, where));
  }

  private static boolean clash(Endpoint a, Endpoint b) {
    if (a.kind() != b.kind()) {
      return false;
    }
    if (a.kind() == Endpoint.Kind.UNIX) {
      return a.path().equals(b.path());
    }
    boolean sameFamily = (a.host().indexOf(':') < 0) == (b.host().indexOf(':') < 0);
    boolean sameHost = a.host().equals(b.host()) || isAny(a.host()) || isAny(b.host());
    return a.port() != 0 && a.port() == b.port() && sameFamily && sameHost;
  }

  private static boolean isAny(String host) {
    return host.equals("0.0.0.0") || host.equals("::");
  }
}
