package org.portbouncer.launcher.cli;

import org.portbouncer.acl.acl.RuleMatcher;
import org.portbouncer.core.config.IpAddress;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A client as an operator names it: "192.0.2.7", "192.0.2.7:4000", "2001:db8::1" or
 * "[2001:db8::1]:4000".
 *
 * @param port {@link RuleMatcher#NO_PORT} where none is named
 */
record ClientAddress(IpAddress address, int port) {

  /** Refuses what is none as wrong usage. */
  static final class Converter implements ITypeConverter<ClientAddress> {
    @Override
    public ClientAddress convert(String value) {
      ClientAddress client = parse(value);
      if (client == null) {
        throw new TypeConversionException(
            "\"" + value + "\" is not IP[:PORT], such as 192.0.2.7, 192.0.2.7:4000 or [::1]:4000");
      }
      return client;
    }
  }

  boolean hasPort() {
    return port != RuleMatcher.NO_PORT;
  }

  private static ClientAddress parse(String text) {
    IpAddress bare = IpAddress.parse(text);
    if (bare != null) {
      return new ClientAddress(bare, RuleMatcher.NO_PORT);
    }
    int end = text.startsWith("[") ? text.indexOf(']') : text.lastIndexOf(':');
    if (end < 0) {
      return null;
    }
    boolean bracketed = text.startsWith("[");
    IpAddress address =
        IpAddress.parse(bracketed ? text.substring(1, end) : text.substring(0, end));
    String rest = text.substring(bracketed ? end + 1 : end);
    if (address == null || (!bracketed && !address.isV4())) {
      return null;
    }
    if (bracketed && rest.isEmpty()) {
      return new ClientAddress(address, RuleMatcher.NO_PORT);
    }
    int port = rest.matches(":[0-9]{1,5}") ? Integer.parseInt(rest.substring(1)) : -1;
    return port < 0 || port > 65535 ? null : new ClientAddress(address, port);
  }

  @Override
  public String toString() {
    String host = address.toString();
    if (!hasPort()) {
      return host;
    }
    return (address.isV4() ? host : "[" + host + "]") + ":" + port;
  }
}
