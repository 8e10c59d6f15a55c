package org.portbouncer.config;

import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.InvalidValueException;

/** Finds listen addresses that cannot be bound together. Runs in the mother and in commands. */
final class ListenAddresses {

  private record Used(Endpoint endpoint, String owner, Where where) {}

  private final List<Used> used = new ArrayList<>();

  /**
   * Adds one.
   *
   * @param owner whose it is: "listener 'web'"
   * @throws InvalidValueException when it is used already
   */
  void add(Endpoint endpoint, String owner, Where where) {
    for (Used before : used) {
      if (Overlap.clash(before.endpoint(), endpoint)) {
        boolean same = before.endpoint().host().equals(endpoint.host());
        throw new InvalidValueException(
            "the address "
                + endpoint.text()
                + (same ? " is used already, by " : " overlaps that of ")
                + before.owner()
                + " at "
                + before.where());
      }
    }
    used.add(new Used(endpoint, owner, where));
  }

  /**
   * The same for one that is bound for IPv4 clients too where it is {@code [::]}, whatever stands
   * beside it.
   *
   * @throws InvalidValueException when it is used already
   */
  void addDualStack(Endpoint endpoint, String owner, Where where) {
    add(endpoint, owner, where);
    if (Overlap.isAnyV6(endpoint)) {
      for (Used before : used) {
        if (Overlap.isV4(before.endpoint()) && Overlap.samePort(before.endpoint(), endpoint)) {
          throw new InvalidValueException(
              "the address "
                  + endpoint.text()
                  + " takes IPv4 clients too, and overlaps that of "
                  + before.owner()
                  + " at "
                  + before.where());
        }
      }
    }
  }
}
