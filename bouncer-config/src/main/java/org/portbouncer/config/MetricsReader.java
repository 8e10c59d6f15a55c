package org.portbouncer.config;

import java.util.List;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.InvalidValueException;

/** Reads where metrics are served. Runs in the mother and in commands. */
final class MetricsReader {

  static final Keys KEYS = new Keys("metrics");

  private static final ConfigKey<Endpoint> LISTEN =
      KEYS.restartOnly(c -> c.metrics().listen())
          .withDefault(
              "listen",
              Form.words("address"),
              "",
              "where `/metrics` and the status page are served, over HTTP; empty: nowhere");

  private static final ConfigKey<String> HOSTS =
      KEYS.restartOnly(c -> c.metrics().hosts())
          .withDefault(
              "hosts",
              new Form<>("host name, or a list of them", MetricsReader::host),
              "",
              "names by which they may be asked for, beside `localhost` and the machine's"
                  + " addresses; others get 421; `*`: any");

  private MetricsReader() {}

  static Configuration.Metrics read(Section metrics, ListenAddresses addresses) {
    List<String> hosts = metrics.readList(HOSTS);
    return new Configuration.Metrics(
        metrics.read(LISTEN, (text, where) -> listen(text, where, addresses)),
        hosts == null ? List.of() : hosts.stream().filter(host -> !host.isEmpty()).toList());
  }

  private static String host(String text, Where where) {
    if (!text.matches("\\*|[A-Za-z0-9_.-]*|\\[?[0-9A-Fa-f:.]+\\]?")) {
      throw new InvalidValueException("'" + text + "' is not the name of a host, without a port");
    }
    return text;
  }

  private static Endpoint listen(String text, Where where, ListenAddresses addresses) {
    if (text.isBlank()) {
      return null;
    }
    Endpoint endpoint = EndpointParser.listen(text.strip(), where.directory());
    if (endpoint.kind() != Endpoint.Kind.INET
        || endpoint.udp()
        || endpoint.host().indexOf('%') >= 0) {
      throw new InvalidValueException("'" + text + "' is not HOST:PORT, as in 127.0.0.1:9464");
    }
    addresses.addDualStack(endpoint, LISTEN.schema().path(), where);
    return endpoint;
  }
}
