package org.portbouncer.core.support;

import java.util.List;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.Timeouts;

/** Configurations as those that read files make them, without a file. */
public final class Configurations {

  private static final String FILE = "b.conf";

  private Configurations() {}

  /** One listener `web`, to whom everyone may connect, and these classes. */
  public static Configuration open(Endpoint listen, Endpoint target, List<BandwidthClass> classes) {
    return Configuration.of(FILE, List.of(web(listen, target, -1)), List.of(), classes);
  }

  /** One listener `web`, with the ACL `office` of two rules. */
  public static Configuration ruled(Endpoint listen, Endpoint target) {
    Acl office =
        new Acl(
            "office",
            List.of(
                Rule.of("staff", Rule.Action.PASS, NetworkSet.of("192.0.2.0/24"), FILE, 6),
                Rule.of("#2", Rule.Action.BLOCK, null, FILE, 7)));
    return Configuration.of(FILE, List.of(web(listen, target, 0)), List.of(office), List.of());
  }

  private static Listener web(Endpoint listen, Endpoint target, int acl) {
    return Listener.of("web", List.of(listen), target, acl, Timeouts.NONE, FILE, 2);
  }

  /** The address and port of a text such as {@code 192.0.2.1:80}. */
  public static Endpoint inet(String text) {
    int colon = text.lastIndexOf(':');
    return new Endpoint(
        Endpoint.Kind.INET,
        text,
        text.substring(0, colon),
        Integer.parseInt(text.substring(colon + 1)),
        "");
  }

  /** The socket file of that path. */
  public static Endpoint unix(String path) {
    return new Endpoint(Endpoint.Kind.UNIX, "unix:" + path, "", 0, path);
  }
}
