package org.portbouncer.launcher.importer;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whom a pattern of rinetd's matches, at most and at least: an allow line may let in those it
 * surely matches, a deny line must keep out all it might match.
 *
 * @param surely who matches
 * @param perhaps who may match; the same where the pattern can be written as networks
 */
record RinetdPattern(AddressSet surely, AddressSet perhaps) {

  private static final Pattern GROUPS = Pattern.compile("((?:[0-9a-fA-F]{1,4}:){1,7})(.*)");

  /**
   * Reads one.
   *
   * @param ofV6 whether the listener is on an IPv6 address, where rinetd sees IPv4 clients as
   *     {@code ::ffff:a.b.c.d}
   */
  static RinetdPattern of(String pattern, boolean ofV6) {
    if (pattern.matches("[*]+")) {
      return exactly(AddressSet.EVERYONE);
    }
    NumberSet v4 = DottedPattern.matches(pattern, ofV6 ? "::ffff:" : "");
    AddressSet surely = v4 == null ? AddressSet.NONE : AddressSet.ofV4(v4);
    AddressSet perhaps = v4 == null ? AddressSet.EVERY_V4 : surely;
    if (!ofV6) {
      return new RinetdPattern(surely, perhaps);
    }
    RinetdPattern v6 = v6(pattern);
    return new RinetdPattern(surely.union(v6.surely), perhaps.union(v6.perhaps));
  }

  boolean isExact() {
    return perhaps.minus(surely).isEmpty();
  }

  private static RinetdPattern exactly(AddressSet set) {
    return new RinetdPattern(set, set);
  }

  private static RinetdPattern v6(String pattern) {
    boolean wild = pattern.indexOf('*') >= 0 || pattern.indexOf('?') >= 0;
    if (!wild) {
      AddressSet one = AddressSet.parse(pattern);
      boolean asWritten =
          one != null && one.v4().isEmpty() && one.networks().equals(List.of(pattern));
      return exactly(asWritten ? one : AddressSet.NONE);
    }
    Matcher groups = GROUPS.matcher(pattern);
    if (!groups.matches()) {
      // A text of IPv6 has its first colon before its first dot.
      boolean dotted = pattern.matches("[^:*?]*[.].*");
      return dotted
          ? exactly(AddressSet.NONE)
          : new RinetdPattern(AddressSet.NONE, AddressSet.EVERY_V6);
    }
    String prefix = groups.group(1);
    int bits = 16 * prefix.chars().filter(c -> c == ':').map(c -> 1).sum();
    AddressSet network =
        AddressSet.parse(bits == 128 ? prefix : prefix + ":" + "/" + Math.min(bits, 112));
    if (network == null) {
      return new RinetdPattern(AddressSet.NONE, AddressSet.EVERY_V6);
    }
    // The text of every address of the network begins so, unless a group of zeros is written short.
    boolean plain = prefix.equals(prefix.toLowerCase(Locale.ROOT));
    boolean whole = plain && groups.group(2).equals("*") && !prefix.matches("(.*:)?0[0-9a-f]*:.*");
    return whole ? exactly(network) : new RinetdPattern(AddressSet.NONE, network);
  }
}
