package org.portbouncer.launcher.importer;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.portbouncer.core.config.IpAddress;

/**
 * A set of client addresses. Every format has rules of its own for who is let in; as sets they can
 * be added, cut and compared, and be written as networks again. Unchangeable.
 *
 * @param v4 of IPv4
 * @param v6 of IPv6; what lies in ::ffff:0:0/96 has no meaning here
 */
record AddressSet(NumberSet v4, NumberSet v6) {

  private static final int V4 = 32;
  private static final int V6 = 128;
  private static final BigInteger MAPPED = BigInteger.valueOf(0xffff).shiftLeft(V4);

  static final AddressSet NONE = new AddressSet(NumberSet.none(V4), NumberSet.none(V6));
  static final AddressSet EVERYONE = new AddressSet(NumberSet.all(V4), NumberSet.all(V6));
  static final AddressSet EVERY_V4 = new AddressSet(NumberSet.all(V4), NumberSet.none(V6));
  static final AddressSet EVERY_V6 = new AddressSet(NumberSet.none(V4), NumberSet.all(V6));

  /** Ranges of IPv4 addresses. */
  static AddressSet ofV4(NumberSet v4) {
    return new AddressSet(v4, NumberSet.none(V6));
  }

  /**
   * An address or a network, {@code 10.0.0.0/8}; bits beyond the prefix do not count.
   *
   * @return null where the text is neither
   */
  static AddressSet parse(String text) {
    int slash = text.indexOf('/');
    IpAddress address = IpAddress.parse(slash < 0 ? text : text.substring(0, slash));
    if (address == null) {
      return null;
    }
    boolean colons = text.indexOf(':') >= 0;
    int bits = colons ? V6 : V4;
    int prefix = slash < 0 ? bits : number(text.substring(slash + 1));
    if (prefix < 0 || prefix > bits) {
      return null;
    }
    BigInteger value =
        colons
            ? unsigned(address.hi()).shiftLeft(64).or(unsigned(address.lo()))
            : BigInteger.valueOf(Integer.toUnsignedLong(address.v4()));
    NumberSet network = NumberSet.network(bits, value, prefix);
    return colons ? new AddressSet(NumberSet.none(V4), network) : ofV4(network);
  }

  private static int number(String text) {
    return text.matches("[0-9]{1,3}") ? Integer.parseInt(text) : -1;
  }

  private static BigInteger unsigned(long value) {
    return new BigInteger(Long.toUnsignedString(value));
  }

  /**
   * The same with the IPv4 clients that its IPv6 networks hold in their mapped form: for programs
   * that see IPv4 clients of an IPv6 socket so.
   */
  AddressSet withMapped() {
    NumberSet mapped = NumberSet.network(V6, MAPPED, V6 - V4).intersection(v6);
    return new AddressSet(v4.union(mapped.shifted(MAPPED.negate(), V4)), v6);
  }

  AddressSet union(AddressSet other) {
    return new AddressSet(v4.union(other.v4), v6.union(other.v6));
  }

  AddressSet intersection(AddressSet other) {
    return new AddressSet(v4.intersection(other.v4), v6.intersection(other.v6));
  }

  AddressSet complement() {
    return new AddressSet(v4.complement(), v6.complement());
  }

  AddressSet minus(AddressSet other) {
    return intersection(other.complement());
  }

  boolean isEmpty() {
    return v4.isEmpty() && v6.isEmpty();
  }

  boolean isEveryone() {
    return v4.isAll() && v6.isAll();
  }

  /** As networks, IPv4 first, the way bouncer.conf has them. */
  List<String> networks() {
    List<String> texts = new ArrayList<>();
    for (NumberSet.Network network : v4.networks()) {
      texts.add(text(IpAddress.ofV4(network.address().intValue()), network.prefix(), V4));
    }
    for (NumberSet.Network network : withoutMapped().networks()) {
      BigInteger address = network.address();
      texts.add(
          text(
              new IpAddress(address.shiftRight(64).longValue(), address.longValue()),
              network.prefix(),
              V6));
    }
    return texts;
  }

  /** Networks inside the mapped ones are IPv4, which would be said twice. */
  private NumberSet withoutMapped() {
    NumberSet mapped = NumberSet.network(V6, MAPPED, V6 - V4);
    NumberSet inside = v6.intersection(mapped);
    boolean whole = inside.isEmpty() || mapped.intersection(v6.complement()).isEmpty();
    return whole && !v6.intersection(mapped.complement()).isEmpty()
        ? v6
        : v6.intersection(mapped.complement());
  }

  private static String text(IpAddress address, int prefix, int bits) {
    return prefix == bits ? address.toString() : address + "/" + prefix;
  }
}
