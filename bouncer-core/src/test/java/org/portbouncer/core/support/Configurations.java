package org.portbouncer.core.support;

import java.nio.file.Path;
import java.util.List;
import org.portbouncer.core.config.Acl;
import org.portbouncer.core.config.BandwidthClass;
import org.portbouncer.core.config.Configuration;
import org.portbouncer.core.config.Endpoint;
import org.portbouncer.core.config.KeepAlive;
import org.portbouncer.core.config.ListenOptions;
import org.portbouncer.core.config.Listener;
import org.portbouncer.core.config.NetworkSet;
import org.portbouncer.core.config.ProxyProtocol;
import org.portbouncer.core.config.Rule;
import org.portbouncer.core.config.SocketSettings;
import org.portbouncer.core.config.Timeouts;

/** Configurations as those that read files make them, without a file. */
public final class Configurations {

  private static final String FILE = "b.conf";
  private static final Timeouts TIMEOUTS = new Timeouts(10_000, 10_000, 0, 0, 30_000);

  private Configurations() {}

  /** One listener `web`, to whom everyone may connect, and these classes. */
  public static Configuration open(Endpoint listen, Endpoint target, List<BandwidthClass> classes) {
    return make(listen, target, -1, List.of(), classes);
  }

  /** One listener `web`, with the ACL `office` of two rules. */
  public static Configuration ruled(Endpoint listen, Endpoint target) {
    Acl office =
        new Acl(
            "office",
            List.of(
                rule("staff", Rule.Action.PASS, NetworkSet.of("192.0.2.0/24")),
                rule("#2", Rule.Action.BLOCK, null)));
    return make(listen, target, 0, List.of(office), List.of());
  }

  private static Configuration make(
      Endpoint listen, Endpoint target, int acl, List<Acl> acls, List<BandwidthClass> classes) {
    Listener web =
        new Listener(
            "web",
            List.of(listen),
            target,
            -1,
            acl,
            -1,
            -1,
            TIMEOUTS,
            new KeepAlive(0, 0, 0, KeepAlive.FOLLOWS),
            ListenOptions.NONE,
            SocketSettings.NONE,
            ProxyProtocol.UNUSED,
            0,
            FILE,
            2);
    return new Configuration(
        Path.of(FILE).toAbsolutePath().toString(),
        List.of(web),
        List.of(),
        List.of(),
        acls,
        classes,
        new Configuration.SourcePrefix(32, 64),
        new Configuration.Workers(1, 1, 1, 1, 1, 1),
        new Configuration.StateTransfer(Configuration.StateTransfer.Mode.INLINE, "", 0, 4096),
        TIMEOUTS,
        30_000,
        3_600_000,
        10_000,
        new Configuration.Admin("/run/bouncer/admin.sock", 0600),
        new Configuration.Metrics(null, List.of()),
        new Configuration.Log(
            "info",
            List.of(),
            new Configuration.AccessLog(Configuration.AccessLog.Sink.STDOUT, "", false)),
        "",
        "",
        true,
        true,
        null);
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

  private static Rule rule(String name, Rule.Action action, NetworkSet from) {
    return new Rule(
        name,
        action,
        from,
        List.of(),
        null,
        -1,
        Rule.LISTENERS_VIA,
        0,
        0,
        null,
        null,
        false,
        true,
        true,
        null,
        false,
        FILE,
        6);
  }
}
