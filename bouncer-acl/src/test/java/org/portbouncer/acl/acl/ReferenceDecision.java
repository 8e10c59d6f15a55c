package org.portbouncer.acl.acl;

import java.math.BigInteger;
import java.net.InetAddress;
import java.util.List;

/**
 * The decision by the book: rule after rule, network after network, prefixes compared as big
 * numbers. Shares no code with what it judges.
 */
final class ReferenceDecision {

  private ReferenceDecision() {}

  /** The first rule that matches, or -1. Rules with a schedule that says "never" do not match. */
  static int of(List<TestRule> rules, String address, int port) {
    for (int i = 0; i < rules.size(); i++) {
      TestRule rule = rules.get(i);
      boolean ports =
          rule.ports() == null || (port >= rule.ports().first() && port <= rule.ports().last());
      if (ports && rule.when() == null && matches(rule.from(), address)) {
        return i;
      }
    }
    return -1;
  }

  private static boolean matches(String[] networks, String address) {
    if (networks == null) {
      return true;
    }
    for (String network : networks) {
      if (contains(network, address)) {
        return true;
      }
    }
    return false;
  }

  private static boolean contains(String network, String address) {
    String[] parts = network.split("/", -1);
    byte[] net = InetAddress.ofLiteral(parts[0]).getAddress();
    byte[] asked = InetAddress.ofLiteral(address).getAddress();
    if (net.length != asked.length) {
      return false;
    }
    int shift = net.length * 8 - Integer.parseInt(parts[1]);
    return new BigInteger(1, net)
        .shiftRight(shift)
        .equals(new BigInteger(1, asked).shiftRight(shift));
  }
}
