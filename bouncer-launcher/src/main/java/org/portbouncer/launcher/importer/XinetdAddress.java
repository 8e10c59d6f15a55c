package org.portbouncer.launcher.importer;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whom an address of only_from or no_access means, the way xinetd 2.3.15 reads it.
 *
 * @param surely who matches
 * @param perhaps who may match: names depend on DNS
 * @param surprise what one might not expect; null where there is nothing
 */
record XinetdAddress(AddressSet surely, AddressSet perhaps, String surprise) {

  private static final Pattern FACTORS = Pattern.compile("((?:[0-9]{1,3}[.]){1,3})\\{([0-9,]+)\\}");
  private static final Pattern PARTS = Pattern.compile("[0-9a-fA-FxX]+([.][0-9a-fA-FxX]+){0,3}");

  private static XinetdAddress exactly(AddressSet set, String surprise) {
    return new XinetdAddress(set, set, surprise);
  }

  static XinetdAddress of(String text) {
    Matcher factors = FACTORS.matcher(text);
    int slash = text.indexOf('/');
    if (slash >= 0) {
      return masked(text, slash);
    }
    if (factors.matches()) {
      return factored(factors);
    }
    if (text.indexOf(':') >= 0) {
      AddressSet one = AddressSet.parse(text);
      return one == null
          ? unknown("is no address")
          : exactly(one.withMapped(), text.equals("::") ? "'::' is that address alone" : null);
    }
    long v4 = PARTS.matcher(text).matches() ? number(text) : -1;
    return v4 < 0 ? unknown("is a name, which DNS must answer for") : wildcard(text, v4);
  }

  private static XinetdAddress unknown(String why) {
    return new XinetdAddress(AddressSet.NONE, AddressSet.EVERYONE, why);
  }

  private static XinetdAddress masked(String text, int slash) {
    String bits = text.substring(slash + 1);
    if (bits.indexOf('.') >= 0 && text.indexOf(':') < 0) {
      // The number before the first dot is taken, and is more than there are bits.
      AddressSet one = AddressSet.parse(text.substring(0, slash));
      return one == null
          ? unknown("is no address")
          : exactly(one, "a dotted mask is taken for more bits than there are: it matches nobody");
    }
    AddressSet network = AddressSet.parse(text);
    return network == null ? unknown("is no network") : exactly(network.withMapped(), null);
  }

  private static XinetdAddress factored(Matcher factors) {
    AddressSet all = AddressSet.NONE;
    String prefix = factors.group(1);
    int bits = 8 * (int) (prefix.chars().filter(c -> c == '.').count() + 1);
    for (String number : factors.group(2).split(",", -1)) {
      String address = prefix + number + ".0.0.0";
      String four = String.join(".", List.of(address.split("[.]", -1)).subList(0, 4));
      AddressSet network = AddressSet.parse(four + "/" + bits);
      if (network == null) {
        return unknown("is no address");
      }
      all = all.union(network);
    }
    return exactly(all, null);
  }

  /** Zeros at the end stand for anything. */
  private static XinetdAddress wildcard(String text, long address) {
    int free = address == 0 ? 32 : 8 * (Long.numberOfTrailingZeros(address) / 8);
    AddressSet set = AddressSet.ofV4(NumberSet.network(32, BigInteger.valueOf(address), 32 - free));
    List<String> surprises = new ArrayList<>();
    if (!text.matches("[0-9]+([.][0-9]+){3}")) {
      surprises.add("is short for " + set.networks().getFirst());
    } else if (free > 0) {
      surprises.add("zeros at its end stand for anything: " + set.networks().getFirst());
    }
    return exactly(set, surprises.isEmpty() ? null : surprises.getFirst());
  }

  /** As the C library reads numbers and dots: the last number fills what is left. */
  private static long number(String text) {
    String[] parts = text.split("[.]", -1);
    long address = 0;
    for (int i = 0; i < parts.length; i++) {
      long part;
      try {
        part = Long.decode(parts[i]);
      } catch (NumberFormatException e) {
        return -1;
      }
      int bits = i == parts.length - 1 ? 8 * (5 - parts.length) : 8;
      if (part < 0 || part >>> bits != 0) {
        return -1;
      }
      address = address << bits | part;
    }
    return address;
  }
}
